import { listChanges, type StoredChange } from '../../db/sessions/changes.js';
import { readFeedState, type FeedState } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import { changePage } from './answers/change-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { cursorText, limitText, storableText } from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { iso } from './times.js';
import { waitText } from './wait-for-changes.js';

const route = routesFor<ServedContext>();

const readChanges = route({
  method: 'get',
  path: '/v1/changes',
  id: 'readChanges',
  tag: 'changes',
  role: 'read',
  summary: 'The change feed',
  description:
    'Every new version of every session once, in commit order. Who goes on after `next` misses none. Without `after` the answer begins with the oldest version that is kept.',
  query: {
    after: cursorText.optional(),
    feed: storableText
      .optional()
      .meta({ description: '`feed` of an earlier answer: a cursor of another feed is 410.' }),
    limit: limitText,
    wait: waitText,
  },
  answers: { 200: { description: 'What follows the cursor.', schema: changePage } },
  problems: {
    410: 'The cursor is of another feed, ahead of this one, or older than what is kept; `begin` says where to go on.',
  },
  beforeTurn: ({ waitForChanges }) => waitForChanges,
  handle: async ({ db, rules }, { query: { after, feed, limit } }) => {
    const changes = await listChanges(db.pool, after ?? '0', limit);
    const state = await readFeedState(db.pool);
    refuseWhatIsGone(state, after, feed);
    const next = changes.at(-1)?.cursor ?? after ?? '0';
    return {
      status: 200,
      body: { changes: changes.map((change) => changeResponse(change, rules)), next, feed: state.id },
    };
  },
});

export const changeRoutes = [readChanges];

function changeResponse({ cursor, sid, version, atMs, session }: StoredChange, rules: ServedContext['rules']) {
  const shown = sessionResponse({ session, version, updatedMs: atMs }, atMs, rules);
  return { cursor, sid, version, at: iso(atMs), session: shown };
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
