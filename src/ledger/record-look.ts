import { withTransaction } from '../db/connection/with-transaction.js';
import { insertLook } from '../db/evidence/bucket-looks.js';
import { endTurn, requestLook as askForLook } from '../db/schedule/bucket-checks.js';
import { lockSession } from '../db/sessions/session-lock.js';
import { loadSessions } from '../db/sessions/sessions.js';
import type { BucketLook } from '../evidence/bucket-look.js';
import type { UnixMs } from '../evidence/instant.js';
import { fittingBuckets, type KnownBucket } from '../reconcile/fitting-buckets.js';
import { foldRules } from '../sessions/facts/bounds.js';
import { noFacts, type SessionFacts } from '../sessions/facts/facts.js';
import { fold } from '../sessions/facts/fold.js';
import type { FoldContext } from './fold-context.js';
import { saveFolded } from './save-folded.js';

/**
 * Stores what looks showed of one session, folds it, and ends the session's turn, in one transaction under its lock.
 * If the process dies before the commit, nothing is kept, the lease ends, and the ledger looks again.
 */
export async function recordLooks(context: FoldContext, sid: string, looks: readonly BucketLook[]): Promise<void> {
  await withTransaction(context.db, async (tx) => {
    await lockSession(tx, sid);
    const news: BucketLook[] = [];
    for (const look of looks) if (await insertLook(tx, look)) news.push(look);
    const before = (await loadSessions(tx, [sid])).get(sid) ?? null;
    const facts = fold(before?.facts ?? noFacts(sid), news, foldRules(context.rules));
    await saveFolded(context, tx, [{ before, facts, learned: news, reading: 'onto', news }]);
    const askedMs = looks.reduce<UnixMs | null>((first, look) => earliest(first, look.askedMs), null);
    if (askedMs !== null) await endTurn(tx, sid, askedMs);
  });
}

function earliest(a: UnixMs | null, b: UnixMs): UnixMs {
  return a === null || b < a ? b : a;
}

/** The buckets in which a session's files may lie, by what is known of it. */
export function bucketsOf(facts: SessionFacts, { rules }: Pick<FoldContext, 'rules'>): readonly KnownBucket[] {
  const { registration, firstNotice } = facts;
  const appId = registration?.appId ?? firstNotice?.appId ?? null;
  return fittingBuckets(rules.buckets, appId, registration?.startCall?.storage ?? null);
}

/** Asks for a look into the bucket now, on a person's wish. */
export async function requestLook(
  context: FoldContext,
  sid: string,
): Promise<'requested' | 'no_bucket' | 'unknown_session'> {
  const known = (await loadSessions(context.db.pool, [sid])).get(sid);
  if (known === undefined) return 'unknown_session';
  if (bucketsOf(known.facts, context).length === 0) return 'no_bucket';
  await askForLook(context.db.pool, sid, context.now());
  return 'requested';
}
