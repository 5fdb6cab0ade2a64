import { plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Ending } from './ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { revealedGaps } from './gaps.js';
import { queryableUntil } from '../facts/query-window.js';
import type { VerdictRules } from '../facts/rules.js';
import { uploadDueMs } from './upload-word.js';

/**
 * When time alone will change the conclusion about a session, without new evidence: a missing number stops
 * being merely late, the query window ends, or the last report on an upload is overdue. Null if nothing of the
 * kind is ahead.
 */
export function nextAlarm(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): UnixMs | null {
  const ahead = alarmsAhead(facts, ending, rules);
  return ahead.reduce<UnixMs | null>((first, atMs) => (first === null || atMs < first ? atMs : first), null);
}

/**
 * The last of these moments that is over at `untilMs`, or null. It follows from the evidence alone, and so does
 * what is said of a session that was waited for until then, whenever that is found out.
 */
export function lastAlarm(
  facts: SessionFacts,
  ending: Ending | null,
  rules: VerdictRules,
  untilMs: UnixMs,
): UnixMs | null {
  const over = alarmsAhead(facts, ending, rules).filter((atMs) => atMs <= untilMs);
  return over.reduce<UnixMs | null>((last, atMs) => (last === null || atMs > last ? atMs : last), null);
}

function alarmsAhead(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): readonly UnixMs[] {
  const overMs = ending === null ? queryableUntil(facts) : null;
  const uploadMs = uploadDueMs(facts, ending, rules);
  return [
    ...revealedGaps(facts, rules).map((gap) => plusMs(gap.revealedMs, rules.reorderGraceMs)),
    ...(overMs === null ? [] : [overMs]),
    ...(uploadMs === null ? [] : [uploadMs]),
  ].filter((atMs) => atMs > facts.knownUntilMs);
}
