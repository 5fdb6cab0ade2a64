import type { AskedAnswer } from '../db/observations.js';
import { storeAnswer } from '../db/observations.js';
import { loadSessions } from '../db/sessions.js';
import { countQuery } from '../db/query-usage.js';
import { lockSession } from '../db/session-lock.js';
import { withTransaction } from '../db/with-transaction.js';
import { fold } from '../sessions/fold.js';
import { noFacts } from '../sessions/facts.js';
import { lastLife } from '../sessions/merge-signs.js';
import { isAfter, type UnixMs } from '../evidence/instant.js';
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
    const { registration } = known;
    const countsSinceMs = registration?.replaces === true ? registration.receivedMs : null;
    const observation = await storeAnswer(tx, answer, unbrokenSince(known, answer), countsSinceMs);
    await countQuery(tx, account, answer);
    const facts = fold(known, [observation]);
    await saveFolded(context, tx, [{ before, facts, learned: [observation], anew: false }], true);
  });
}

/** The first of the 404s that this one continues, with no sign of life between them. */
function unbrokenSince(facts: SessionFacts, answer: AskedAnswer): UnixMs | null {
  if (answer.outcome.kind !== 'not_found') return null;
  const first = facts.notFound.find(({ askedMs }) => isAfter(askedMs, lastLife(facts)));
  return first?.askedMs ?? answer.askedMs;
}
