import type { PoolClient } from 'pg';
import type { AskedAnswer } from '../db/evidence/observations.js';
import { storeAnswer } from '../db/evidence/observations.js';
import { loadSessions } from '../db/sessions/sessions.js';
import { countQuery } from '../db/schedule/query-usage.js';
import { lockSession } from '../db/sessions/session-lock.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import { foldRules } from '../sessions/facts/bounds.js';
import { fold } from '../sessions/facts/fold.js';
import { noFacts } from '../sessions/facts/facts.js';
import type { Observation } from '../evidence/observation.js';
import type { Registration } from '../evidence/registration.js';
import { withProof } from '../sessions/verdict/with-proof.js';
import { voidBefore } from '../sessions/facts/query-window.js';
import { saveAnswered } from './save-folded.js';
import type { FoldContext } from './fold-context.js';

/** What a query's address consists of, apart from the sid. */
export type AskedWith = Pick<Registration, 'appId' | 'resourceId' | 'mode'>;

/**
 * Stores a query's answer and folds it, in one transaction under the session's lock. If the process dies
 * before the commit, the answer is lost, the claim's lease expires, and the session is asked about again.
 * `isNews` is asked in that transaction: an answer that may be recorded twice is stored once.
 */
export async function recordAnswer(
  context: FoldContext,
  account: string,
  answer: AskedAnswer,
  askedWith: AskedWith,
  isNews: (tx: PoolClient) => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  await withTransaction(context.db, async (tx) => {
    await lockSession(tx, answer.sid);
    if (!(await isNews(tx))) return;
    const before = (await loadSessions(tx, [answer.sid])).get(answer.sid) ?? null;
    const known = before?.facts ?? noFacts(answer.sid);
    await countQuery(tx, account, answer);
    // The registration was corrected while the query waited for its slot, so this answer is about something
    // else.
    if (known.registration !== null && !isSame(known.registration, askedWith)) return;
    const countsSinceMs = voidBefore(known);
    const { unbrokenSinceMs } = withProof(asObservation(answer), known, context.rules);
    const observation = await storeAnswer(tx, answer, unbrokenSinceMs, countsSinceMs);
    const facts = fold(known, [observation], foldRules(context.rules));
    await saveAnswered(context, tx, { before, facts, learned: [observation], reading: 'onto', news: [observation] });
  });
}

function isSame(registration: AskedWith, { appId, resourceId, mode }: AskedWith): boolean {
  return registration.appId === appId && registration.resourceId === resourceId && registration.mode === mode;
}

function asObservation({
  sid,
  askedMs,
  answeredMs,
  outcome,
  clockEra,
}: AskedAnswer): Omit<Observation, 'unbrokenSinceMs'> {
  const run = { lastAskedMs: askedMs, lastAnsweredMs: answeredMs, count: 1 };
  return { kind: 'observation', sid, askedMs, answeredMs, ...run, outcome, clockEra };
}
