import { createRandom, type Random } from './random.js';
import type { PlannedNotice, SimulatedSession } from './simulated-session.js';
import type { WorldProfile } from './world-profile.js';

/** One attempt to deliver a notification, decided before it is made. */
export type Delivery = {
  atMs: number;
  noticeId: string;
  session: SimulatedSession;
  notice: PlannedNotice;
};

const EXIT = 11;
const FAILOVER = 12;

/**
 * How the notifications of a session reach the receiver: lost, twice, late and out of order. Lost
 * means lost for good, every attempt of it.
 */
export function planDeliveries(session: SimulatedSession, profile: WorldProfile, seed: number): readonly Delivery[] {
  const random = createRandom(seed, `deliveries ${session.sid}`);
  const planned = session.notices.flatMap((notice) => deliveriesOf(session, notice, profile, random));
  return profile.unannouncedExits ? planned : planned.flatMap((one) => announced(one, planned));
}

/** The exit that a replaced recorder reports: after the announcement of the failover, or not at all. */
function announced(delivery: Delivery, planned: readonly Delivery[]): Delivery[] {
  const { notice, session, atMs } = delivery;
  const current = session.failovers.at(-1)?.newUid ?? session.uid;
  if (notice.eventType !== EXIT || notice.uid === current) return [delivery];
  const told = planned.filter((other) => other.notice.eventType === FAILOVER && other.notice.uid === notice.uid);
  const firstMs = Math.min(...told.map((other) => other.atMs));
  return told.length === 0 ? [] : [{ ...delivery, atMs: Math.max(atMs, firstMs + 50) }];
}

function deliveriesOf(
  session: SimulatedSession,
  notice: PlannedNotice,
  profile: WorldProfile,
  random: Random,
): Delivery[] {
  const lost = random.chance(profile.loss);
  const exitLost = random.chance(profile.exitLoss);
  const first = {
    atMs: arrival(notice, profile, random),
    noticeId: random.hex(32),
    session,
    notice,
  };
  const again = random.chance(profile.duplicates);
  const copy = {
    ...first,
    atMs: arrival(notice, profile, random),
    noticeId: random.chance(0.5) ? first.noticeId : random.hex(32),
  };
  if (lost || (exitLost && notice.eventType === EXIT)) return [];
  return again ? [first, copy] : [first];
}

function arrival({ occurredMs }: PlannedNotice, profile: WorldProfile, random: Random): number {
  const delayed = random.chance(profile.delayedShare);
  const usual = random.between(20, 400);
  return occurredMs + (delayed ? random.between(...profile.delayMs) : usual);
}

/** The body as Agora sends it at `notifyMs`, which is another with every attempt. */
export function notificationBody({ noticeId, session, notice }: Delivery, notifyMs: number): string {
  const { occurredMs, eventType, serviceType, uid, sequence, details } = notice;
  const { sid, cname } = session;
  const payload = { cname, uid, sid, sequence, sendts: occurredMs, serviceType, details };
  return JSON.stringify({ noticeId, productId: 3, eventType, notifyMs, sid, payload });
}
