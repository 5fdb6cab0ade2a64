import type { ExitFact, LeaveFact, RecorderFacts, SessionFacts } from './facts.js';

/**
 * A recorder that another has taken over from: event 12 said so, or, where event 12 was lost, a
 * recorder with another uid showed life after it. Its exit is not the session's.
 * @see https://docs.agora.io/en/api-reference/faq/integration/high_availability (read 2026-07); docs/agora.md#failover
 * Ours: docs/decisions/007-what-is-a-sign-of-life.md
 */
export function isReplaced(recorder: RecorderFacts, facts: SessionFacts): boolean {
  if (recorder.replacedMs !== null) return true;
  if (recorder.uid === '') return false;
  const isOriginal = recorder.uid === facts.registration?.uid;
  return facts.recorders.some(
    (other) =>
      other.uid !== recorder.uid &&
      other.uid !== '' &&
      (other.firstLifeMs !== null || other.exits.length > 0) &&
      other.uid !== facts.registration?.uid &&
      !tookOver(recorder, other, facts) &&
      (isOriginal || other.firstMs > recorder.firstMs),
  );
}

/** Whether event 12, from one to the next, says that a recorder came after the other: no clock says better. */
function tookOver(recorder: RecorderFacts, other: RecorderFacts, { recorders }: SessionFacts): boolean {
  let at: RecorderFacts | undefined = other;
  for (let steps = 0; at !== undefined && steps < recorders.length; steps += 1) {
    const { replacedBy }: RecorderFacts = at;
    if (replacedBy === recorder.uid) return true;
    at = recorders.find(({ uid }) => uid === replacedBy);
  }
  return false;
}

export function currentRecorders(facts: SessionFacts): readonly RecorderFacts[] {
  return facts.recorders.filter((recorder) => !isReplaced(recorder, facts));
}

/** In the order in which they took over. */
export function recordersInOrder({ recorders }: SessionFacts): readonly RecorderFacts[] {
  return recorders
    .filter(({ uid }) => uid !== '')
    .sort((a, b) => a.firstMs - b.firstMs || replacementRank(a) - replacementRank(b) || (a.uid < b.uid ? -1 : 1));
}

/** Where the failover is the first that was heard of either, the one it replaced came first. */
function replacementRank({ replacedMs }: RecorderFacts): number {
  return replacedMs === null ? 1 : 0;
}

/** The exits of recorders that nobody replaced, oldest first. */
export function currentExits(facts: SessionFacts): readonly ExitFact[] {
  return currentRecorders(facts)
    .flatMap((recorder) => recorder.exits)
    .sort((a, b) => a.atMs - b.atMs);
}

/** The same of leaves: one of a recorder that was replaced is part of the failover, not of an ending. */
export function currentLeaves(facts: SessionFacts): readonly LeaveFact[] {
  return currentRecorders(facts).flatMap(({ left }) => (left === null ? [] : [left]));
}
