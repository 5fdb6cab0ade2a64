import { createRandom, type Random } from './random.js';
import { planNotices } from './plan-notices.js';
import type { Failover, Fate, SimulatedSession } from './simulated-session.js';
import { drawParts, NO_PARTS } from './web-parts.js';
import type { WorldProfile } from './world-profile.js';

/** Agora moves a recording at most three times; a fourth would end it. */
const MOST_FAILOVERS = 3;

/**
 * One session's whole life, drawn from the seed and its index alone. `endBy`, where given, bounds the
 * truth: the session is over by then.
 */
export function planSession(
  seed: number,
  index: number,
  appId: string,
  startMs: number,
  profile: WorldProfile,
  endBy: number | null,
): SimulatedSession {
  const random = createRandom(seed, `session ${String(index)}`);
  const sid = random.hex(32);
  const mode = random.pick(profile.modes);
  const fate = drawFate(random, profile);
  const readyMs = startMs + random.between(...profile.startupMs);
  const longest = endBy === null ? profile.longestLifeMs : Math.max(endBy - startMs, 0);
  const aliveUntilMs = startMs + drawLife(random, fate, profile, readyMs - startMs, longest);
  const tail = random.between(...profile.uploadTailMs);
  const stoppingMs = fate === 'crashed' ? aliveUntilMs : Math.max(readyMs, aliveUntilMs - tail);
  const failovers = drawFailovers(random, profile, readyMs, stoppingMs);
  const until = { readyMs: Math.min(readyMs, aliveUntilMs), stoppingMs: Math.min(stoppingMs, aliveUntilMs) };
  const session = {
    sid,
    appId,
    resourceId: random.hex(64),
    mode,
    cname: `room-${String(index)}`,
    uid: String(900_000 + index),
    snapshots: mode === 'individual' && random.chance(profile.snapshotShare),
    startMs,
    ...until,
    aliveUntilMs,
    fate,
    failovers,
    parts: mode === 'web' && fate !== 'failed_early' ? drawParts(seed, index, profile, until) : NO_PARTS,
  };
  return { ...session, notices: planNotices(session, profile, random) };
}

function drawFate(random: Random, profile: WorldProfile): Fate {
  const drawn = random.next();
  const shares: [Fate, number][] = [
    ['never_started', profile.neverStartShare],
    ['failed_early', profile.failEarlyShare],
    ['crashed', profile.crashShare],
    ['abnormal_exit', profile.abnormalExitShare],
  ];
  let below = 0;
  for (const [fate, share] of shares) {
    below += share;
    if (drawn < below) return fate;
  }
  return 'completed';
}

/** Short, middle and long lives whose mean is the profile's: 30 % of a fifth, 50 % of four fifths, 20 % of 2.7 times. */
function drawLife(random: Random, fate: Fate, profile: WorldProfile, startupMs: number, longest: number): number {
  if (fate === 'never_started') return 0;
  const factor = random.pick([0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.8, 2.7, 2.7]);
  const drawn = startupMs + random.exponential(profile.meanLifeMs * factor);
  const life = fate === 'failed_early' ? startupMs * random.between(1.2, 4) : drawn;
  // Cut off lives would all end at one moment; drawn anew below the limit they do not.
  return life <= longest ? life : longest * random.between(0.5, 1);
}

function drawFailovers(random: Random, profile: WorldProfile, fromMs: number, untilMs: number): readonly Failover[] {
  const failovers: Failover[] = [];
  if (profile.failoversPerHour <= 0) return failovers;
  let atMs = fromMs + random.exponential(3_600_000 / profile.failoversPerHour);
  while (failovers.length < MOST_FAILOVERS) {
    const backAtMs = atMs + random.between(...profile.failoverMs);
    if (backAtMs + profile.calmBeforeEndMs >= untilMs) break;
    failovers.push({ atMs, backAtMs, newUid: String(random.whole(1_000_000_000, 4_000_000_000)) });
    atMs = backAtMs + profile.calmMs + random.exponential(3_600_000 / profile.failoversPerHour);
  }
  return failovers;
}
