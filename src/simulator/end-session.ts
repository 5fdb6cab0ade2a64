import { createHash } from 'node:crypto';
import type { Delivery } from './plan-deliveries.js';
import type { SimulatedSession } from './simulated-session.js';

const EXIT = 11;

/** Its exit notification, now, or when it ended if it has; after it a query finds no worker. */
export function endSession(session: SimulatedSession, nowMs: number): { session: SimulatedSession; exit: Delivery } {
  const endedMs = Math.min(session.aliveUntilMs, nowMs);
  const uid = session.failovers.filter(({ atMs }) => atMs <= endedMs).at(-1)?.newUid ?? session.uid;
  const said = session.notices.filter((notice) => notice.uid === uid && notice.occurredMs <= endedMs);
  const notice = {
    occurredMs: Math.round(endedMs),
    eventType: EXIT,
    serviceType: 0,
    uid,
    sequence: said.length,
    details: { msgName: 'session_exit', exitStatus: 0 },
  };
  const ended = { ...session, aliveUntilMs: endedMs, stoppingMs: Math.min(session.stoppingMs, endedMs) };
  const noticeId = createHash('sha256').update(`end ${session.sid}`).digest('hex').slice(0, 32);
  return { session: ended, exit: { atMs: nowMs, noticeId, session: ended, notice } };
}
