import { z } from 'zod';
import { listChanges } from '../../db/sessions/changes.js';
import { readFeedState, type FeedState } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import { SESSION_STATES } from '../../sessions/verdict/session.js';
import { changePage } from './answers/change-schema.js';
import { words } from './answers/fields.js';
import type { ServedContext } from './api-context.js';
import { changeResponse } from './change-response.js';
import type { StreamedChange } from './feed-pages.js';
import { routesFor } from './openapi/route.js';
import { cursorText, limitText, listText, parse, sidText, storableText, wordsText } from './parse-request.js';
import { waitText } from './wait-for-changes.js';

const route = routesFor<ServedContext>();

const feedText = storableText
  .optional()
  .meta({ description: '`feed` of an earlier answer: a cursor of another feed is 410.' });

const GONE =
  'The cursor is of another feed, ahead of this one, or older than what is kept; `begin` says where to go on.';

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
    feed: feedText,
    limit: limitText,
    wait: waitText,
  },
  answers: { 200: { description: 'What follows the cursor.', schema: changePage } },
  problems: { 410: GONE },
  beforeTurn: ({ waitForChanges }) => waitForChanges,
  handle: async ({ db, rules }, { query: { after, feed, limit } }) => {
    const changes = await listChanges(db.pool, after ?? '0', limit);
    const state = await readFeedState(db.pool);
    const begunAt = after === undefined ? state.cut : cutOf(feed);
    refuseWhatIsGone(state, after, feed, begunAt);
    const next = changes.at(-1)?.cursor ?? after ?? '0';
    const shown = changes.map((change) => changeResponse(change, rules));
    return { status: 200, body: { changes: shown, next, feed: feedOf(state, begunAt, next) } };
  },
});

/**
 * The id of a feed; and for a reader who began without a cursor, while he is still among the old versions that are
 * kept, where the feed was cut when he began. Until it is cut again, nothing that he could read has been deleted.
 */
function feedOf({ id, cut }: FeedState, begunAt: bigint | null, next: string): string {
  return begunAt !== null && BigInt(next) < cut ? `${id}.${String(begunAt)}` : id;
}

function cutOf(feed: string | undefined): bigint | null {
  const cut = /\.(\d{1,18})$/.exec(feed ?? '')?.[1];
  return cut === undefined ? null : BigInt(cut);
}

const lastEventId = cursorText.or(z.literal('').transform(() => undefined)).optional();

const streamFilters = {
  appId: listText('Of one of these apps.', storableText.min(1), { type: 'string' }).optional(),
  sid: listText('Of one of these sessions.', sidText, { type: 'string' }).optional(),
  state: wordsText('In one of these states.', SESSION_STATES).optional(),
};

const streamChanges = route({
  method: 'get',
  path: '/v1/changes/stream',
  id: 'streamChanges',
  tag: 'changes',
  role: 'read',
  summary: 'The change feed as server-sent events',
  description:
    'Every change once, in commit order, as it happens: `id` is its cursor, `event` is `change`, and `data` is a change as in `GET /v1/changes`. It goes on after the header `Last-Event-ID`, which browsers send when they reconnect; else after `after`, where `0` stands for the oldest version that is kept; without both it begins now. Every 10 s there is a comment. A reader that takes nothing for 30 s is cut off, and misses nothing when it reconnects.',
  query: { after: cursorText.optional(), feed: feedText, ...streamFilters },
  answers: {
    200: {
      description: 'A stream without an end.',
      schema: words('Server-sent events.'),
      mediaTypes: ['text/event-stream'],
      headers: { 'X-Feed': 'Which feed this is.' },
    },
  },
  problems: { 410: GONE },
  takesTurn: false,
  handle: async ({ db, streamChanges: stream }, { query, headers }, response) => {
    const { after: asked, feed, ...filters } = query;
    const after = parse(lastEventId, headers['last-event-id'], 'header Last-Event-ID') ?? asked;
    const state = await readFeedState(db.pool);
    refuseWhatIsGone(state, after === '0' ? undefined : after, feed);
    stream(response, {
      feed: state.id,
      after: after === undefined ? state.last : BigInt(after),
      cut: state.cut,
      tellPlace: after === undefined,
      fits: (change) => fits(change, filters),
    });
    return null;
  },
});

type StreamFilters = z.output<z.ZodObject<typeof streamFilters>>;

function fits({ appId, sid, state }: StreamedChange, asked: StreamFilters): boolean {
  const isOneOf = (values: readonly string[] | undefined, value: string | null): boolean =>
    values === undefined || (value !== null && values.includes(value));
  return isOneOf(asked.appId, appId) && isOneOf(asked.sid, sid) && isOneOf(asked.state, state);
}

export const changeRoutes = [readChanges, streamChanges];

/** An empty page would claim that nothing happened, and a page with a hole that nothing else did. */
function refuseWhatIsGone(
  { id, cut, last }: FeedState,
  after: string | undefined,
  feed: string | undefined,
  begunAt: bigint | null = null,
): void {
  const begin = String(cut);
  if (feed !== undefined && feed.replace(/\.\d+$/, '') !== id) {
    const detail = `That cursor is of feed ${feed}, and this is feed ${id}: another database, perhaps restored from a backup. Its cursors say something else. Begin anew without after, or where you think fit.`;
    throw new ProblemError({ status: 410, title: 'The cursor is of another feed', detail, feed: id, begin });
  }
  if (after === undefined) return;
  if (BigInt(after) > last) {
    const detail = `Cursor ${after} is ahead of this feed, which ends at ${String(last)}: it is of another ledger, or of this one before it was restored from a backup. Begin anew without after, or where you think fit.`;
    throw new ProblemError({ status: 410, title: 'The cursor is ahead of the feed', detail, feed: id, begin });
  }
  if (BigInt(after) < cut && begunAt !== cut) {
    const detail = `Versions after cursor ${after} are not kept any more (CHANGES_DAYS). Begin at ${begin}, from where on nothing is missing; or without after, with the last version of every session first.`;
    throw new ProblemError({ status: 410, title: 'The cursor is before what is kept', detail, feed: id, begin });
  }
}
