import { isAfter, plusMs, unixMs, type UnixMs } from '../../evidence/instant.js';
import type { MissedQuery, SessionFacts } from '../facts/facts.js';
import { lastLife } from '../facts/merge-signs-of-life.js';
import { queryableUntil, registeredStart, voidBefore } from '../facts/query-window.js';
import type { VerdictRules } from '../facts/rules.js';

/** 404s that follow each other with no sign of life, and no long silence, between them; never empty. */
export type RunOf404s = readonly [MissedQuery, ...MissedQuery[]];

/** An absence that is proven: the run's first 404, the proving one, and when it had ended at the latest. */
export type Absence = { sinceMs: UnixMs; provenMs: UnixMs; notAfterMs: UnixMs };

/**
 * Fewer 404s prove nothing, however far apart they are.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
const FEWEST = 3;
/**
 * As a share of the time that 404s must last: we assume that no recording comes back for less than this and
 * dies unseen.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
const CLOSE = 2 / 3;

/**
 * The 404s since the last sign of life as runs, oldest first. Only 404s count that were asked within the
 * query window and by the registration in force. A run ends with a silence in which the session may have been
 * back, or with a step of the clock; a 5xx, a timeout or a killed process in between does not end it.
 * @see https://docs.agora.io/en/api-reference/faq/integration/high_availability (read 2026-07); docs/agora.md#failover
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function runsOf404s(facts: SessionFacts, rules: VerdictRules): readonly RunOf404s[] {
  const untilMs = queryableUntil(facts);
  const fromMs = voidBefore(facts);
  const runs: [MissedQuery, ...MissedQuery[]][] = [];
  for (const missed of facts.notFound) {
    if (untilMs === null || missed.askedMs >= untilMs || !isAfter(missed.askedMs, fromMs)) continue;
    const run = runs.at(-1);
    const last = run?.at(-1);
    const continues = last !== undefined && isOfOneEra(last, missed) && silence(last, missed) <= rules.goneConfirmMs;
    if (run !== undefined && continues) run.push(missed);
    else runs.push([missed]);
  }
  return runs;
}

/** Between two eras the clock was stepped, so the time between them is unknown. */
function isOfOneEra(before: MissedQuery, after: MissedQuery): boolean {
  return (before.era ?? 0) === (after.era ?? 0);
}

function silence(before: MissedQuery, after: MissedQuery): number {
  return after.askedMs - before.answeredMs;
}

/** The run that the next 404 would continue; null if there is none. */
export function currentRun(facts: SessionFacts, rules: VerdictRules): RunOf404s | null {
  return runsOf404s(facts, rules).at(-1) ?? null;
}

/** The first absence that was proven since the last sign of life. */
export function provenAbsence(facts: SessionFacts, rules: VerdictRules): Absence | null {
  for (const run of runsOf404s(facts, rules)) {
    const proving = provingIndex(run, facts, rules);
    if (proving !== null) return absenceOf(run, proving, rules);
  }
  return rememberedProof(facts, rules);
}

function provingIndex(run: RunOf404s, facts: SessionFacts, rules: VerdictRules): number | null {
  const proofMs = absenceProofMs(facts, run[0].answeredMs, rules);
  const index = run.findIndex(({ askedMs }, n) => n >= FEWEST - 1 && askedMs >= proofMs);
  return index < 0 ? null : index;
}

/**
 * The end lies before the first of the 404s, unless they are so far apart that the first may belong to a
 * failover, followed by a short unseen life. Then the end lies before the first 404 from which on they follow
 * each other closely, which is the proving one at the latest.
 */
function absenceOf(run: RunOf404s, proving: number, { goneConfirmMs }: VerdictRules): Absence {
  let closely = proving;
  const gapBefore = (index: number): number => {
    const [before, after] = [run[index - 1], run[index]];
    return before === undefined || after === undefined ? Infinity : silence(before, after);
  };
  while (closely > 0 && gapBefore(closely) <= goneConfirmMs * CLOSE) closely -= 1;
  const provenMs = run[proving]?.askedMs ?? run[0].askedMs;
  const notAfterMs = run[closely]?.answeredMs ?? run[0].answeredMs;
  return { sinceMs: run[0].askedMs, provenMs, notAfterMs };
}

/** The 404s that proved a very long absence are no longer kept, but the proof is. */
function rememberedProof(facts: SessionFacts, { goneConfirmMs }: VerdictRules): Absence | null {
  if (!facts.notFoundIsCut) return null;
  const [alive, fromMs] = [lastLife(facts), voidBefore(facts)];
  const proof = facts.goneProofs.find(
    ({ sinceMs, atMs }) => isAfter(sinceMs, alive) && isAfter(sinceMs, fromMs) && atMs - sinceMs >= goneConfirmMs,
  );
  if (proof === undefined) return null;
  return { sinceMs: proof.sinceMs, provenMs: proof.notAfterMs, notAfterMs: proof.notAfterMs };
}

export function wasSeen(facts: SessionFacts): boolean {
  return facts.existed || lastLife(facts) !== null;
}

/**
 * From when on a further 404 proves that a session is gone or never started, if the first of them was
 * answered at `firstMs`. A session that was never seen may have started unnoticed and be in a failover, so
 * its 404s must last until the start deadline plus the time of a failover, and at least as long as those of
 * any other session.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function absenceProofMs(facts: SessionFacts, firstMs: UnixMs, rules: VerdictRules): UnixMs {
  const { registration } = facts;
  const goneMs = plusMs(firstMs, rules.goneConfirmMs);
  if (registration === null || wasSeen(facts)) return goneMs;
  const deadlineMs = plusMs(registeredStart(registration), rules.startDeadlineMs);
  if (firstMs >= deadlineMs) return goneMs;
  const throughout = plusMs(firstMs, Math.min(rules.goneConfirmMs, rules.startDeadlineMs));
  return throughout > deadlineMs ? throughout : deadlineMs;
}

/**
 * When a further 404 is needed: the one that proves the absence, or before that one that keeps the run from
 * breaking off. Half of the longest allowed silence is left for asking it.
 */
export function neededFromMs(run: RunOf404s, facts: SessionFacts, rules: VerdictRules): UnixMs {
  const last = run.at(-1) ?? run[0];
  const proofMs = absenceProofMs(facts, run[0].answeredMs, rules);
  const keepsMs = plusMs(last.answeredMs, rules.goneConfirmMs / 2);
  const proves = run.length >= FEWEST - 1;
  if (!proves) return keepsMs;
  return unixMs(Math.min(Math.max(proofMs, last.askedMs), plusMs(last.answeredMs, rules.goneConfirmMs * 0.9)));
}
