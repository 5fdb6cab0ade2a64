import type { ExitFact, LeaveFact, RecorderFacts, SessionFacts } from './facts.js';

/**
 * Whether another recorder has taken over from this one: event 12 said so, or, if event 12 was lost, a
 * recorder with another uid showed life after it. The exit of a replaced recorder is not the session's.
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

/**
 * Whether events 12, followed from one recorder to the next, say that a recorder came after the other. They
 * are more reliable than any clock.
 */
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

/** The recorders in the order in which they took over. */
export function recordersInOrder({ recorders }: SessionFacts): readonly RecorderFacts[] {
  return recorders
    .filter(({ uid }) => uid !== '')
    .sort((a, b) => a.firstMs - b.firstMs || replacementRank(a) - replacementRank(b) || (a.uid < b.uid ? -1 : 1));
}

/** If the failover is the first news of either recorder, the replaced one came first. */
function replacementRank({ replacedMs }: RecorderFacts): number {
  return replacedMs === null ? 1 : 0;
}

/** The exits of recorders that were not replaced, oldest first. */
export function currentExits(facts: SessionFacts): readonly ExitFact[] {
  return currentRecorders(facts)
    .flatMap((recorder) => recorder.exits)
    .sort((a, b) => a.atMs - b.atMs);
}

/** The same for leaves: a leave of a replaced recorder is part of the failover and not of an ending. */
export function currentLeaves(facts: SessionFacts): readonly LeaveFact[] {
  return currentRecorders(facts).flatMap(({ left }) => (left === null ? [] : [left]));
}
