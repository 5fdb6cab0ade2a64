import type { QueryOutcome } from '../evidence/observation.js';

/** As much of an answer as tells whether another says the same. */
export type ComparableAnswer = { kind: string; body: string | null };

const NOT_FOUND: QueryOutcome['kind'] = 'not_found';

/**
 * Whether an answer only says again what the last one said, so that the last one's row moves its
 * end instead of a new row being written. A 404 never does: how long 404s have lasted, without a
 * sign of life in between, is what proves an end, so each of them must be known by its own time.
 * Ours: docs/decisions/003-every-404-is-a-row.md
 */
export function extendsRun(last: ComparableAnswer, next: ComparableAnswer): boolean {
  return last.kind === next.kind && next.kind !== NOT_FOUND && last.body === next.body;
}
