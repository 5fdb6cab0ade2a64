import fc from 'fast-check';
import { USUAL_WORLD, type WorldProfile } from '../../../src/simulator/world-profile.js';

/**
 * What is done to the ledger in one world. Each field is a switch or a strength of its own, drawn
 * independently of the others; 0, false and 'none' mean that the move is not made.
 */
export type Moves = {
  /** Share of all notifications lost, delivered twice, and delayed by up to 400 s. */
  loss: number;
  duplicates: number;
  delayedShare: number;
  /** Share of queries, throughout, that bring an answer that says nothing. */
  silence: number;
  /** An answer takes up to this long, and speaks of any moment in between. */
  stallMs: number;
  /** Share of queries that run into their timeout. */
  timeouts: number;
  /** How often Agora answers 206, 429 or 5xx to everything, for up to three minutes. */
  bursts: number;
  /** How often no planned query is asked, for up to 400 s. */
  killed: number;
  /** What is planned is carried out up to this much later, until five minutes after the end. */
  scarcityMs: number;
  failoversPerHour: number;
  /** Of a move, its announcement and the first words of the new recorder are lost in this share. */
  lostAnnouncements: number;
  /** Share of replaced recorders that still report their exit (a "goodbye"). */
  goodbyes: number;
  unannouncedExits: boolean;
  /** Moves take up to 110 s, which is longer than any document says. */
  longFailovers: boolean;
  /** A recorder answers status 8 or 20 in the seconds before it is replaced. */
  dying: boolean;
  /** Status 7, and `exit` of the web recorder, before the end. */
  closing: boolean;
  registeredLateMs: number;
  startedAt: 'told' | 'missing' | 'future' | 'past';
  /** The query window is one hour, and sessions live for about that long. */
  shortWindow: boolean;
  /** How often a living session answers 404 for a few seconds, for no reason. */
  spurious: number;
  badRequest: Refused;
  noRoute: Refused;
  unauthorized: boolean;
  /** Notifications of this session that an app of another account signs. */
  foreign: number;
  /** How far the clocks of recorders are behind or ahead of the true time, at most. */
  behindMs: number;
  aheadMs: number;
  stop: 'none' | 'told' | 'late' | 'refused';
};

export type Refused = 'none' | 'while' | 'forever';

export type World = { seed: number; meanLifeMs: number; moves: Moves };

/** A move is off in most worlds, so that each is also seen nearly alone; shrinking switches it off. */
const rarely = <T>(off: T, ...on: [T, ...T[]]): fc.Arbitrary<T> => {
  const many = Array.from({ length: 3 * on.length }, () => off);
  return fc.constantFrom(...many, ...on);
};

/** Not any number from 0 to 1: those that come to mind first are all but 0 or all but 1. */
const share = fc.constantFrom(0, 0, 0.05, 0.2, 0.5, 0.9, 1);

const moves: fc.Arbitrary<Moves> = fc.record({
  loss: share,
  duplicates: share,
  delayedShare: share,
  silence: rarely(0, 0.1, 0.4),
  stallMs: rarely(0, 3_000, 9_500),
  timeouts: rarely(0, 0.1, 0.3),
  bursts: rarely(0, 1, 3),
  killed: rarely(0, 1, 2),
  scarcityMs: rarely(0, 60_000, 300_000),
  failoversPerHour: fc.constantFrom(0, 6, 30),
  lostAnnouncements: rarely(0, 0.5, 1),
  goodbyes: fc.constantFrom(0, 0.3, 1),
  unannouncedExits: fc.boolean(),
  longFailovers: rarely(false, true),
  dying: fc.boolean(), // of these lives few are asked about in the seconds that matter
  closing: fc.boolean(),
  registeredLateMs: rarely(0, 120_000, 1_800_000, 7_200_000),
  startedAt: fc.constantFrom('told', 'told', 'told', 'missing', 'future', 'past'),
  shortWindow: fc.constantFrom(false, false, false, false, false, false, true),
  spurious: rarely(0, 1, 2),
  badRequest: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'none', 'while', 'forever'),
  noRoute: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'none', 'while', 'forever'),
  unauthorized: rarely(false, true),
  foreign: rarely(0, 2, 6),
  behindMs: rarely(0, 5_000, 120_000),
  aheadMs: rarely(0, 5_000, 120_000),
  stop: fc.constantFrom('none', 'none', 'none', 'told', 'late', 'refused'),
});

export const worlds: fc.Arbitrary<World> = fc.record({
  seed: fc.nat(),
  meanLifeMs: fc.constantFrom(60_000, 900_000, 2_400_000),
  moves,
});

/**
 * Between two absences that have nothing to do with each other a session is seen to live for longer
 * than two 404s of one run may lie apart (90 s), and than both answers may take: else one run could
 * bridge them, and no ledger could know.
 */
export const APART_MS = 110_000;

/** With lives of this mean most outlive a window of an hour. */
const OUTLIVING_MS = 4_800_000;

export function profileOf({ meanLifeMs, moves: made }: World): WorldProfile {
  const { loss, duplicates, delayedShare, failoversPerHour, goodbyes } = made;
  return {
    ...USUAL_WORLD,
    meanLifeMs: made.shortWindow ? OUTLIVING_MS : meanLifeMs,
    longestLifeMs: 5_400_000,
    snapshotShare: 0.1,
    snapshotEveryMs: 120_000,
    delayMs: [5_000, 400_000],
    loss,
    duplicates,
    delayedShare,
    failoversPerHour,
    failoverMs: made.longFailovers ? [10_000, 110_000] : [1_000, 89_000],
    calmMs: APART_MS,
    calmBeforeEndMs: APART_MS,
    replacedExitShare: goodbyes,
    unannouncedExits: made.unannouncedExits || made.lostAnnouncements > 0,
  };
}
