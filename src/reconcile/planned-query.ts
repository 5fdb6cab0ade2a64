import type { UnixMs } from '../evidence/instant.js';
import type { VerdictRules } from '../sessions/facts/rules.js';
import type { QueryClass } from './query-class.js';

export type PlanRules = VerdictRules & {
  startCheckAfterMs: number;
  routineIntervalMs: number;
  retryBackoffMs: readonly number[];
};

/** The next query of one session: when, how urgent, and why in words for a person. */
export type PlannedQuery = { dueMs: UnixMs; queryClass: QueryClass; reason: string };

/** Of two plans the one that is due first. */
export function soonest(a: PlannedQuery, b: PlannedQuery): PlannedQuery {
  return b.dueMs < a.dueMs ? b : a;
}
