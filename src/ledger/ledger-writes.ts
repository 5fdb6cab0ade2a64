import { requestFold } from '../db/evidence/pending-evidence.js';
import { requestQuery as scheduleQuery } from '../db/schedule/query-schedule.js';
import { loadSessions } from '../db/sessions/sessions.js';
import { insertStopAnswer } from '../db/evidence/stop-answers.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import { notTooSoon } from '../reconcile/plan-query.js';
import { queryableUntil } from '../sessions/facts/query-window.js';
import { foldSession } from './fold-sessions.js';
import type { FoldContext } from './fold-context.js';

/**
 * Stores what `stop` answered together with a pending row, then folds it at once. If the process dies in
 * between, the sweep folds it.
 */
export async function addStopAnswer(
  context: FoldContext,
  sid: string,
  raw: string,
): Promise<'stored' | 'same' | 'unknown_session'> {
  const { db, now } = context;
  if (!(await loadSessions(db.pool, [sid])).has(sid)) return 'unknown_session';
  const stored = await withTransaction(db, async (tx) => {
    const receivedMs = now();
    const isNew = await insertStopAnswer(tx, sid, raw, receivedMs);
    if (isNew) await requestFold(tx, sid, 'stop_answer', receivedMs);
    return isNew;
  });
  if (stored) await foldSession(context, sid);
  return stored ? 'stored' : 'same';
}

export async function requestQuery(
  { db, rules, now }: FoldContext,
  sid: string,
): Promise<'requested' | 'not_queryable' | 'unknown_session'> {
  const known = (await loadSessions(db.pool, [sid])).get(sid);
  if (known === undefined) return 'unknown_session';
  const { registration } = known.facts;
  const untilMs = queryableUntil(known.facts);
  const account = registration === null ? null : rules.accountOf(registration.appId);
  if (account === null || untilMs === null || untilMs <= now()) return 'not_queryable';
  await scheduleQuery(db.pool, sid, account, notTooSoon(now(), known.facts, rules));
  return 'requested';
}
