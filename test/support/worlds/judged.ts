import { conclude } from '../../../src/sessions/views/conclude.js';
import type { Ending } from '../../../src/sessions/verdict/ending.js';
import { findEnding } from '../../../src/sessions/verdict/find-ending.js';
import { isTerminal, type Session } from '../../../src/sessions/verdict/session.js';
import { RULES, START } from '../builders.js';
import type { Version, VirtualLife } from '../virtual-session.js';
import { FOREIGN_APP } from './heard.js';
import { read, type Reading } from './reading.js';
import { isStopped } from './told.js';

/** A version that calls the session over, with what a careful reader knew at that moment. */
export type OverVersion = Version & { session: Session; ending: Ending; reading: Reading };

/** A life, with what the ledger made of it laid open for the oracles. */
export type JudgedLife = VirtualLife & {
  over: readonly OverVersion[];
  sessions: readonly Session[];
  final: Session;
  /** What was known in the end. */
  reading: Reading;
  /** The session is over no sooner than this, and no later than that. */
  end: { fromMs: number; untilMs: number };
};

export function judge(life: VirtualLife): JudgedLife {
  const sessions = life.versions.map(({ facts }) => conclude(facts, RULES).session);
  const readingOf = (known: number): Reading => read(life.evidence.slice(0, known), FOREIGN_APP);
  const over = life.versions.flatMap((version, index) => {
    const session = sessions[index];
    if (session === undefined || !isTerminal(session.state)) return [];
    const ending = findEnding(version.facts, RULES);
    if (ending === null) throw new Error('over without an ending');
    return [{ ...version, session, ending, reading: readingOf(version.known) }];
  });
  const final = sessions.at(-1);
  if (final === undefined) throw new Error('nothing was ever told');
  const reading = readingOf(life.evidence.length);
  return { ...life, sessions, over, final, reading, end: trueEnd(life) };
}

/** A stop ends a session when it is called; its worker goes when all is uploaded. */
function trueEnd({ truth, world }: VirtualLife): { fromMs: number; untilMs: number } {
  const { stoppingMs, aliveUntilMs } = truth;
  const stopped = isStopped(truth, world.moves.stop);
  return { fromMs: stopped ? stoppingMs : aliveUntilMs, untilMs: aliveUntilMs };
}

/** The moment from which on a version holds the session to be over. */
export function saidEndMs({ endedAt, sinceMs }: Ending): number {
  return endedAt.atMs ?? endedAt.notAfterMs ?? sinceMs;
}

const ABSENCES: readonly string[] = ['contradicted_exit', 'heard_cause', 'gone', 'never_started'];

/** Whether 404s that lasted decided, whatever was heard besides. */
export function isAbsence({ rule }: Ending): boolean {
  return ABSENCES.includes(rule);
}

/** Seconds since the start, for messages. */
export function at(ms: number): string {
  return `${((ms - START) / 1_000).toFixed(1)} s`;
}

export function describe({ atMs, session, ending }: OverVersion): string {
  const { outcome, certainty } = session;
  return `at ${at(atMs)}, ${String(outcome)} (${ending.rule}, ${certainty}), ended ${at(saidEndMs(ending))}`;
}
