import { plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Ending } from './ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { revealedGaps } from './gaps.js';
import { queryableUntil } from '../facts/query-window.js';
import type { VerdictRules } from '../facts/rules.js';

/**
 * When time alone will change the conclusion about a session, without new evidence: a missing number stops
 * being merely late, or the query window ends. Null if nothing of the kind is ahead.
 */
export function nextAlarm(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): UnixMs | null {
  const overMs = ending === null ? queryableUntil(facts) : null;
  const moments = [
    ...revealedGaps(facts, rules).map((gap) => plusMs(gap.revealedMs, rules.reorderGraceMs)),
    ...(overMs === null ? [] : [overMs]),
  ].filter((atMs) => atMs > facts.knownUntilMs);
  return moments.reduce<UnixMs | null>((first, atMs) => (first === null || atMs < first ? atMs : first), null);
}
