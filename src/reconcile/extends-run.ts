import type { QueryOutcome } from '../evidence/observation.js';

/** The part of an answer that decides whether another one is equal to it. */
export type ComparableAnswer = { kind: string; body: string | null };

const NOT_FOUND: QueryOutcome['kind'] = 'not_found';

/**
 * Whether an answer only repeats the last one, so that the end of the last row is moved instead of a new row
 * being written. A 404 never extends a run: the time that 404s have lasted without a sign of life in between
 * proves an end, so each of them is kept with its own time.
 * Ours: docs/decisions/003-every-404-is-a-row.md
 */
export function extendsRun(last: ComparableAnswer, next: ComparableAnswer): boolean {
  return last.kind === next.kind && next.kind !== NOT_FOUND && last.body === next.body;
}
