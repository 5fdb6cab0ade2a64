import { plusMs } from '../../../src/evidence/instant.js';
import type { SessionFacts } from '../../../src/sessions/facts/facts.js';
import { isTerminal, type Session } from '../../../src/sessions/verdict/session.js';
import { conclude, waitUntil } from '../../../src/sessions/views/conclude.js';
import { RULES } from '../../support/builders.js';
import { liveVirtually } from '../../support/virtual-session.js';
import type { Moves } from '../../support/worlds/moves.js';

/** Nothing is done to the ledger but that a tenth of all notifications is lost. */
const LOSSY: Moves = {
  loss: 0.1,
  duplicates: 0,
  delayedShare: 0,
  silence: 0,
  stallMs: 0,
  timeouts: 0,
  bursts: 0,
  killed: 0,
  scarcityMs: 0,
  failoversPerHour: 0,
  lostAnnouncements: 0,
  goodbyes: 0,
  unannouncedExits: false,
  longFailovers: false,
  dying: false,
  closing: false,
  registeredLateMs: 0,
  startedAt: 'told',
  shortWindow: false,
  spurious: 0,
  badRequest: 'none',
  noRoute: 'none',
  unauthorized: false,
  foreign: 0,
  behindMs: 0,
  aheadMs: 0,
  stop: 'none',
};

const DAY_MS = 86_400_000;

function factsOf(seed: number): SessionFacts {
  const { versions } = liveVirtually({ seed, meanLifeMs: 600_000, moves: LOSSY });
  const last = versions.at(-1);
  if (last === undefined) throw new Error('a session of which nothing is known');
  return last.facts;
}

/** A day later, when nothing more has come. */
function aDayLater(facts: SessionFacts): Session {
  return conclude(waitUntil(facts, plusMs(facts.knownUntilMs, DAY_MS), RULES), RULES).session;
}

it('of 300 sessions that lose a tenth of their notifications none is uploading for ever, and each says what came of it', () => {
  const facts = Array.from({ length: 300 }, (_, seed) => factsOf(seed + 1));
  const atTheEnd = facts.map((one) => conclude(one, RULES).session);
  const left = atTheEnd.filter(({ upload }) => upload.state === 'uploading');
  expect(left.length).toBeGreaterThan(10);
  const later = facts.map(aDayLater);
  expect(later.every(({ state }) => isTerminal(state))).toBe(true);
  expect(later.filter(({ upload }) => upload.state === 'uploading')).toEqual([]);
  for (const { upload, outcome, findings } of later) {
    const isTold = !['unknown', 'uploading'].includes(upload.state) || outcome === 'never_started';
    const isFound = findings.some(({ code }) => code === 'upload_unconfirmed');
    expect(isFound).toBe(!isTold);
    if (upload.state === 'uploaded') expect(upload.progress).toBe(1);
  }
});
