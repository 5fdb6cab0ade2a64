import type { AskedAnswer } from '../db/observations.js';
import { storeAnswer } from '../db/observations.js';
import { loadSessions } from '../db/sessions.js';
import { countQuery } from '../db/query-usage.js';
import { lockSession } from '../db/session-lock.js';
import { withTransaction } from '../db/with-transaction.js';
import { fold } from '../sessions/fold.js';
import { noFacts } from '../sessions/facts.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Observation } from '../evidence/observation.js';
import { provenAbsence } from '../sessions/absence.js';
import { voidBefore } from '../sessions/query-window.js';
import type { SessionFacts } from '../sessions/facts.js';
import { saveFolded } from './save-folded.js';
import type { FoldContext } from './fold-context.js';

/**
 * Keeps what a query told and folds it, in one transaction under the session's lock. If the process
 * dies before the commit, the answer is lost and the claim's lease runs out: it is asked again.
 */
export async function recordAnswer(
  context: FoldContext,
  account: string,
  answer: AskedAnswer,
): Promise<void> {
  await withTransaction(context.db, async (tx) => {
    await lockSession(tx, answer.sid);
    const before = (await loadSessions(tx, [answer.sid])).get(answer.sid) ?? null;
    const known = before?.facts ?? noFacts(answer.sid);
    const countsSinceMs = voidBefore(known);
    const proven = provenSince(known, answer, context.rules);
    const observation = await storeAnswer(tx, answer, proven, countsSinceMs);
    await countQuery(tx, account, answer);
    const facts = fold(known, [observation]);
    await saveFolded(context, tx, [{ before, facts, learned: [observation], anew: false }], true);
  });
}

/**
 * Since when the session had been absent, where this 404 proves that it is gone: kept beside it, for a
 * sign of life from before may still come, and then the proof stays visible as one that was denied.
 */
function provenSince(
  facts: SessionFacts,
  answer: AskedAnswer,
  rules: FoldContext['rules'],
): UnixMs | null {
  if (answer.outcome.kind !== 'not_found') return null;
  return provenAbsence(fold(facts, [asObservation(answer)]), rules)?.sinceMs ?? null;
}

function asObservation({ sid, askedMs, answeredMs, outcome }: AskedAnswer): Observation {
  const run = { lastAskedMs: askedMs, lastAnsweredMs: answeredMs, count: 1 };
  return { kind: 'observation', sid, askedMs, answeredMs, ...run, outcome, unbrokenSinceMs: null };
}
