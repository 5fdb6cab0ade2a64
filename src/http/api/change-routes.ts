import { Router } from 'express';
import { z } from 'zod';
import { listChanges } from '../../db/sessions/changes.js';
import { readFeedState, type FeedState } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { cursorText, limitText, parse, storableText } from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { iso } from './times.js';
import { waitText } from './wait-for-changes.js';

/** Without `after` the answer begins with the oldest version that is kept. `feed` is the id from an earlier answer. */
const feedQuery = z.object({
  after: cursorText.optional(),
  feed: storableText.optional(),
  limit: limitText,
  wait: waitText,
});

/** Every new version of every session once, in commit order. */
export function changeRoutes({ db, rules }: ApiContext): Router {
  const router = Router();
  router.get('/changes', async (request, response) => {
    const { after, feed, limit } = parse(feedQuery, request.query, 'query');
    const changes = await listChanges(db.pool, after ?? '0', limit);
    const state = await readFeedState(db.pool);
    refuseWhatIsGone(state, after, feed);
    response.json({
      changes: changes.map(({ cursor, sid, version, atMs, session }) => ({
        cursor,
        sid,
        version,
        at: iso(atMs),
        session: sessionResponse({ session, version, updatedMs: atMs }, atMs, rules),
      })),
      next: changes.at(-1)?.cursor ?? after ?? '0',
      feed: state.id,
    });
  });
  return router;
}

/** An empty page would claim that nothing happened, and a page with a hole that nothing else did. */
function refuseWhatIsGone({ id, cut, last }: FeedState, after: string | undefined, feed: string | undefined): void {
  const begin = String(cut);
  if (feed !== undefined && feed !== id) {
    const detail = `That cursor is of feed ${feed}, and this is feed ${id}: another database, perhaps restored from a backup. Its cursors say something else. Begin anew without after, or where you think fit.`;
    throw new ProblemError({ status: 410, title: 'The cursor is of another feed', detail, feed: id, begin });
  }
  if (after === undefined) return;
  if (BigInt(after) > last) {
    const detail = `Cursor ${after} is ahead of this feed, which ends at ${String(last)}: it is of another ledger, or of this one before it was restored from a backup. Begin anew without after, or where you think fit.`;
    throw new ProblemError({ status: 410, title: 'The cursor is ahead of the feed', detail, feed: id, begin });
  }
  if (BigInt(after) < cut) {
    const detail = `Versions after cursor ${after} are not kept any more (CHANGES_DAYS). Begin at ${begin}, from where on nothing is missing; or without after, with the last version of every session first.`;
    throw new ProblemError({ status: 410, title: 'The cursor is before what is kept', detail, feed: id, begin });
  }
}
