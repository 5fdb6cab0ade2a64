import type { LedgerChange } from './ledger-client.js';
import type { Fate, SimulatedSession } from './simulated-session.js';
import { tellingSession, type SessionKept, type TellingSession } from './telling-session.js';

export type Percentiles = { p50: number; p95: number; p99: number; max: number };

/** How right a ledger was about a world, and how soon. Times in milliseconds of that world. */
export type Score = {
  sessions: number;
  over: number;
  /** Versions that called a session over that was alive. */
  wrongEnds: number;
  /** Sessions that have been over for longer than it may take, and are not known to be. */
  forgotten: number;
  /** Sessions whose outcome contradicts what became of them. */
  wrongOutcomes: number;
  timeToTruth: Percentiles;
  /** Of those whose exit notification was never acknowledged. */
  timeToTruthUnheard: Percentiles;
};

export type ScoreKeeper = {
  started: (session: SimulatedSession) => void;
  /** The receiver has acknowledged this session's exit notification. */
  exitHeard: (sid: string) => void;
  changed: (change: LedgerChange) => void;
  /** `settlingMs`: how long after its end a session may still be unknown to be over. */
  score: (nowMs: number, settlingMs: number) => Score;
  counts: (nowMs: number) => { started: number; over: number; known: number };
  /** One of the sessions, the most worth looking at. */
  telling: () => TellingSession | null;
  /** Those that have started and that the ledger does not call over. */
  open: () => readonly SimulatedSession[];
};

/** A change made so little before the end counts as after it: two clocks of one machine. */
const TOLERANCE_MS = 50;

type Kept = SessionKept & { session: SimulatedSession };

export function createScoreKeeper(): ScoreKeeper {
  const kept = new Map<string, Kept>();
  let wrongEnds = 0;
  return {
    started: (session) => {
      kept.set(session.sid, { session, exitHeard: false, knownMs: null, outcome: null });
    },
    exitHeard: (sid) => {
      const entry = kept.get(sid);
      if (entry !== undefined) entry.exitHeard = true;
    },
    changed: ({ sid, atMs, state, outcome }) => {
      const entry = kept.get(sid);
      if (entry === undefined) return;
      const isOver = state === 'ended' || state === 'failed';
      if (isOver && atMs < entry.session.aliveUntilMs - TOLERANCE_MS) wrongEnds += 1;
      entry.outcome = isOver ? outcome : null;
      entry.knownMs = isOver ? (entry.knownMs ?? atMs) : null;
    },
    counts: (nowMs) => {
      const all = [...kept.values()];
      return {
        started: all.length,
        over: all.filter(({ session }) => session.aliveUntilMs <= nowMs).length,
        known: all.filter(({ knownMs }) => knownMs !== null).length,
      };
    },
    telling: () => tellingSession([...kept.values()]),
    open: () => [...kept.values()].filter(({ knownMs }) => knownMs === null).map(({ session }) => session),
    score: (nowMs, settlingMs) => {
      const all = [...kept.values()];
      const over = all.filter(({ session }) => session.aliveUntilMs <= nowMs);
      const due = over.filter(({ session }) => session.aliveUntilMs + settlingMs <= nowMs);
      const known = over.filter(({ knownMs }) => knownMs !== null);
      return {
        sessions: all.length,
        over: over.length,
        wrongEnds,
        forgotten: due.filter(({ knownMs }) => knownMs === null).length,
        wrongOutcomes: known.filter(isMistaken).length,
        timeToTruth: percentiles(known.map(delayOf)),
        timeToTruthUnheard: percentiles(known.filter((entry) => !entry.exitHeard).map(delayOf)),
      };
    },
  };
}

function delayOf({ session, knownMs }: Kept): number {
  return Math.max((knownMs ?? session.aliveUntilMs) - session.aliveUntilMs, 0);
}

/**
 * What a ledger may say of each fate. Where the exit notification was lost a session legitimately reads
 * as vanished, or as completed where its leave or its upload was heard.
 */
const OUTCOMES: Record<Fate, readonly string[]> = {
  completed: ['completed', 'vanished'],
  abnormal_exit: ['abnormal_exit', 'completed', 'vanished'],
  crashed: ['vanished'],
  failed_early: ['vanished', 'never_started'],
  never_started: ['never_started'],
};

/** Dying before anybody asked for the first time, a session was never seen alive. */
function isMistaken({ session, outcome, exitHeard }: Kept): boolean {
  if (outcome === null || OUTCOMES[session.fate].includes(outcome)) {
    return outcome !== null && exitHeard && outcome !== session.fate;
  }
  return !(outcome === 'never_started' && !exitHeard);
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(Math.ceil(share * sorted.length), sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
