import { unixMs } from '../../../src/evidence/instant.js';
import type { Registration } from '../../../src/evidence/registration.js';
import type { StopAnswer } from '../../../src/evidence/stop-answer.js';
import { createRandom } from '../../../src/simulator/random.js';
import type { SimulatedSession } from '../../../src/simulator/simulated-session.js';
import type { World } from './moves.js';

/** What the service that called `start` says of it, and when it gets round to saying so. */
export function registrationOf({ seed, moves }: World, truth: SimulatedSession): Registration {
  const random = createRandom(seed, 'registration');
  const { sid, appId, resourceId, mode, cname, uid, startMs } = truth;
  const lateMs = moves.registeredLateMs * random.between(0.2, 1);
  const receivedMs = unixMs(startMs + Math.max(50, lateMs));
  const awayMs = random.between(60_000, 600_000);
  const startedAt = {
    told: startMs,
    missing: null,
    future: receivedMs + awayMs,
    past: startMs - awayMs,
  }[moves.startedAt];
  return {
    kind: 'registration',
    sid,
    appId,
    resourceId,
    mode,
    cname,
    uid,
    startedMs: startedAt === null ? null : unixMs(startedAt),
    resourceExpiredHour: moves.shortWindow ? 1 : null,
    receivedMs,
    replaces: false,
  };
}

/** A stop that Agora carried out was called when the session began to wind down. */
export function stopAnswersOf({ seed, moves }: World, truth: SimulatedSession): StopAnswer[] {
  const random = createRandom(seed, 'stop');
  const { sid, startMs, stoppingMs, aliveUntilMs } = truth;
  const answer = (atMs: number, stopped: boolean): StopAnswer => ({
    kind: 'stop_answer',
    sid,
    receivedMs: unixMs(Math.ceil(atMs)),
    stopped,
    code: stopped ? null : 404,
    uploadingStatus: null,
    files: [],
  });
  if (moves.stop === 'none') return [];
  if (moves.stop === 'refused') return [answer(random.between(startMs, aliveUntilMs), false)];
  if (!isStopped(truth, moves.stop)) return [];
  const lateMs = moves.stop === 'late' ? random.between(60_000, 600_000) : 300;
  return [answer(stoppingMs + lateMs, true)];
}

/** Only a session that ends as it should was stopped by a call. */
export function isStopped({ fate }: SimulatedSession, stop: World['moves']['stop']): boolean {
  return fate === 'completed' && (stop === 'told' || stop === 'late');
}
