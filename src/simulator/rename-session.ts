import { createHash } from 'node:crypto';
import type { Delivery } from './plan-deliveries.js';
import type { SimulatedSession } from './simulated-session.js';

export type Told = { session: SimulatedSession; deliveries: readonly Delivery[] };

/**
 * The same life under names of one run: the second run of a seed against the same ledger would else be
 * taken for repetitions of the first. An empty run leaves the names as they are.
 */
export function renameSession({ session, deliveries }: Told, run: string): Told {
  if (run === '') return { session, deliveries };
  const sid = renamed(session.sid, run);
  const resourceId = renamed(session.resourceId, run) + renamed(session.resourceId, `${run} `);
  // File names hold the sid as well.
  const notices = session.notices.map((notice) => ({
    ...notice,
    details: JSON.parse(JSON.stringify(notice.details).replaceAll(session.sid, sid)) as Record<string, unknown>,
  }));
  const own = { ...session, sid, resourceId, notices };
  return {
    session: own,
    deliveries: deliveries.map((delivery) => ({
      ...delivery,
      noticeId: renamed(delivery.noticeId, run),
      session: own,
      notice: notices[session.notices.indexOf(delivery.notice)] ?? delivery.notice,
    })),
  };
}

/** 32 hexadecimal digits. */
function renamed(name: string, run: string): string {
  return createHash('sha256').update(`${run} ${name}`).digest('hex').slice(0, 32);
}
