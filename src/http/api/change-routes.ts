import { listChanges } from '../../db/sessions/changes.js';
import { readFeedState, type FeedState } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import { changePage } from './answers/change-schema.js';
import type { ServedContext } from './api-context.js';
import { WIRE } from './openapi/json-schemas.js';
import { routesFor } from './openapi/route.js';
import { cursorText, limitText, text } from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { iso } from './times.js';
import { waitText } from './wait-for-changes.js';

const route = routesFor<ServedContext>();

const after = cursorText.optional().meta({
  description: 'The cursor of the last change that was seen; 0, or left out, from the oldest version that is kept.',
  [WIRE]: { type: 'string', pattern: String.raw`^\d{1,18}$` },
});

const readChanges = route({
  method: 'get',
  path: '/v1/changes',
  id: 'readChanges',
  tag: 'changes',
  role: 'read',
  summary: 'The change feed',
  description:
    'Every new version of every session once, in commit order. Who goes on after `next`, with `feed`, misses none.',
  query: {
    after,
    feed: text('The id of the feed that the cursor is of: `feed` of an earlier answer.').optional(),
    limit: limitText,
    wait: waitText,
  },
  answers: { 200: { description: 'What follows the cursor.', schema: changePage } },
  problems: {
    410: 'The cursor is of another feed, ahead of this one, or before what is kept; `begin` is where nothing is missing.',
  },
  prepare: (context, { query }, response) => context.waitForChanges(query.after ?? '0', query.wait, response),
  handle: async ({ db, rules }, { query }) => {
    const changes = await listChanges(db.pool, query.after ?? '0', query.limit);
    const state = await readFeedState(db.pool);
    refuseWhatIsGone(state, query.after, query.feed);
    const told = changes.map(({ cursor, sid, version, atMs, session }) => ({
      cursor,
      sid,
      version,
      at: iso(atMs),
      session: sessionResponse({ session, version, updatedMs: atMs }, atMs, rules),
    }));
    const next = changes.at(-1)?.cursor ?? query.after ?? '0';
    return { status: 200, body: { changes: told, next, feed: state.id } };
  },
});

export const changeRoutes = [readChanges];

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
