import { notificationBody, planDeliveries, type Delivery } from '../../../src/simulator/plan-deliveries.js';
import { createRandom, type Random } from '../../../src/simulator/random.js';
import type { PlannedNotice, SimulatedSession } from '../../../src/simulator/simulated-session.js';
import { profileOf, type World } from './moves.js';

/** One notification as it reaches the receiver, signed by an app. */
export type Heard = { atMs: number; appId: string; body: string };

export const OWN_APP = 'app';
export const FOREIGN_APP = 'foreign';

/** Everything that reaches the receiver about the session, in order of arrival. */
export function heardOf(world: World, truth: SimulatedSession): readonly Heard[] {
  const own = planDeliveries(truth, profileOf(world), world.seed);
  const kept = withoutAnnouncements(world, truth, own).map((delivery) => heard(byItsClock(world, delivery), OWN_APP));
  const foreign = foreignDeliveries(world, truth).map((delivery) => heard(delivery, FOREIGN_APP));
  return [...kept, ...foreign].sort((a, b) => a.atMs - b.atMs);
}

function heard(delivery: Delivery, appId: string): Heard {
  const atMs = Math.round(delivery.atMs);
  return { atMs, appId, body: notificationBody(delivery, atMs) };
}

function byItsClock(world: World, delivery: Delivery): Delivery {
  const { notice } = delivery;
  const occurredMs = notice.occurredMs + skewOf(world, notice.uid);
  return { ...delivery, notice: { ...notice, occurredMs } };
}

/** Event 12 of the old recorder, and what the new one says first, lost for good. */
function withoutAnnouncements(
  { seed, moves }: World,
  { failovers }: SimulatedSession,
  deliveries: readonly Delivery[],
): readonly Delivery[] {
  const random = createRandom(seed, 'announcements');
  const lost = failovers.flatMap((move) => {
    const [announced, first] = [random.chance(moves.lostAnnouncements), random.chance(moves.lostAnnouncements)];
    return [
      ...(announced ? [{ types: [12], atMs: Math.round(move.atMs) }] : []),
      ...(first
        ? [
            { types: [40, 70], atMs: Math.round(move.backAtMs) },
            { types: [4], atMs: Math.round(move.backAtMs + 100) },
          ]
        : []),
    ];
  });
  return deliveries.filter(({ notice }) =>
    lost.every(({ types, atMs }) => !types.includes(notice.eventType) || notice.occurredMs !== atMs),
  );
}

/** How far each recorder's clock is off. Drawn for each by itself: a move changes the clock too. */
export function skewOf({ seed, moves }: World, uid: string): number {
  const random = createRandom(seed, `clock ${uid}`);
  const behind = moves.behindMs > 0 && (moves.aheadMs === 0 || random.chance(0.5));
  return Math.round(behind ? -random.between(0, moves.behindMs) : random.between(0, moves.aheadMs));
}

/** Another customer's app may be signed with a secret of ours; what it says of this sid is not ours. */
function foreignDeliveries({ seed, moves }: World, truth: SimulatedSession): Delivery[] {
  const random = createRandom(seed, 'foreign');
  return Array.from({ length: moves.foreign }, () => {
    const { startMs, aliveUntilMs } = truth;
    const atMs = random.between(startMs, aliveUntilMs + 120_000);
    const notice = foreignNotice(truth, Math.round(atMs), random);
    return { atMs: atMs + random.between(20, 400), noticeId: random.hex(32), session: truth, notice };
  });
}

const SAID: readonly Pick<PlannedNotice, 'eventType' | 'serviceType' | 'details'>[] = [
  { eventType: 11, serviceType: 0, details: { msgName: 'session_exit', exitStatus: 0 } },
  { eventType: 11, serviceType: 0, details: { msgName: 'session_exit', exitStatus: 1 } },
  { eventType: 41, serviceType: 1, details: { msgName: 'recorder_leave', leaveCode: 16 } },
  { eventType: 40, serviceType: 1, details: { msgName: 'recorder_started', status: 0 } },
];

function foreignNotice(truth: SimulatedSession, occurredMs: number, random: Random): PlannedNotice {
  const uids = [truth.uid, ...truth.failovers.map(({ newUid }) => newUid), '4242'];
  return { ...random.pick(SAID), occurredMs, uid: random.pick(uids), sequence: random.whole(0, 40) };
}
