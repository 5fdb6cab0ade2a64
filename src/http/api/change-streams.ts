import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { answerLasts } from '../measure-requests.js';
import { ProblemError } from '../problem.js';
import { createFeedPages, type FeedContext, type FeedPage, type StreamedChange } from './feed-pages.js';
import type { WatchFeed } from './feed-watch.js';

/** How many readers there may be, how often each hears something, and how long one may take nothing. */
export type StreamLimits = { mostReaders: number; commentEveryMs: number; stalledMs: number };

/** Each reader costs an open connection. A comment every 15 s is promised, and a busy process is late. */
const USUAL: StreamLimits = { mostReaders: 500, commentEveryMs: 10_000, stalledMs: 30_000 };

const RETRY_MS = 2_000;
/** After a read that failed. Readers go on waiting, for a browser does not come back from an answer of 503. */
const UNREADABLE_MS = 1_000;

/** Where a stream begins, in which feed, and what is left out of it. */
export type StreamStart = {
  feed: string;
  after: bigint;
  /** What is cut already when it begins; a reader that begins with the oldest versions kept is before it. */
  cut: bigint;
  /** Whether the reader could not name its place itself, so that it must be told for when it reconnects. */
  tellPlace: boolean;
  fits: (change: StreamedChange) => boolean;
};

/** Answers with a stream that lasts until the reader leaves or stalls, or this process stops. */
export type StreamChanges = (response: Response, start: StreamStart) => void;

type StreamContext = FeedContext & { log: Logger; stopping: AbortSignal };

export function createChangeStreams(
  context: StreamContext,
  watchFeed: WatchFeed,
  limits: Partial<StreamLimits> = {},
): StreamChanges {
  const { mostReaders, commentEveryMs, stalledMs } = { ...USUAL, ...limits };
  const { log, stopping } = context;
  const readPage = createFeedPages(context);
  let readers = 0;

  return (response, start) => {
    if (readers >= mostReaders || stopping.aborted) {
      response.set('Retry-After', '5');
      throw new ProblemError({ status: 503, title: 'Too many readers', detail: 'Come again in some seconds.' });
    }
    writeHead(response, start);
    if (response.req.method === 'HEAD' || response.destroyed) response.end();
    else void follow(response, start);
  };

  async function follow(response: Response, start: StreamStart): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const place = { at: start.after, told: start.after };
    const comments = setInterval(() => writeComment(response, place), commentEveryMs);
    readers += 1;
    response.once('close', end);
    stopping.addEventListener('abort', end);
    try {
      await writeChanges(response, start, place, over.signal);
    } catch (error) {
      if (!over.signal.aborted) log.error({ err: error }, 'stream.failed');
    } finally {
      readers -= 1;
      clearInterval(comments);
      stopping.removeEventListener('abort', end);
      // What a stalled reader does not take would delay the stop of the process.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
    }
  }

  /** Returns when what follows cannot be told without a hole; a reader that reconnects is told why, by a 410. */
  async function writeChanges(response: Response, start: StreamStart, place: Place, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const page = await readPage(start.feed, place.at).catch((error: unknown) => {
        log.debug({ err: error }, 'stream.not_read');
        return null;
      });
      over.throwIfAborted();
      if (page === null) await pause(UNREADABLE_MS, undefined, { signal: over });
      else if (isGone(page, start, place)) return;
      else if (page.changes.length === 0) await waitForMore(place.at, over);
      else await writePage(response, page, start, place, over);
    }
  }

  async function writePage(
    response: Response,
    { changes }: FeedPage,
    { fits }: StreamStart,
    place: Place,
    over: AbortSignal,
  ): Promise<void> {
    for (const change of changes) {
      place.at = change.cursor;
      if (!fits(change)) continue;
      place.told = change.cursor;
      if (!response.write(change.event)) await waitForDrain(response, over);
    }
  }

  async function waitForDrain(response: Response, over: AbortSignal): Promise<void> {
    const timer = setTimeout(() => {
      log.debug('stream.stalled');
      response.destroy();
    }, stalledMs);
    await once(response, 'drain', { signal: over }).finally(() => clearTimeout(timer));
  }

  function waitForMore(after: bigint, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = watchFeed(after, wake);
      function wake(): void {
        giveUp();
        over.removeEventListener('abort', wake);
        resolve();
      }
      over.addEventListener('abort', wake);
    });
  }
}

/** Up to where the feed was read, and the last cursor that the reader was told. */
type Place = { at: bigint; told: bigint };

function isGone({ state }: FeedPage, { feed, cut }: StreamStart, { at }: Place): boolean {
  return state.id !== feed || state.cut > (at > cut ? at : cut);
}

function writeHead(response: Response, { feed, after, tellPlace }: StreamStart): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    'X-Feed': feed,
    Connection: 'close', // the listener closes once its connections are closed
  });
  answerLasts(response);
  if (response.req.method !== 'HEAD')
    response.write(`: feed ${feed}\nretry: ${String(RETRY_MS)}\n${tellPlace ? `id: ${String(after)}\n` : ''}\n`);
}

/**
 * A comment; and where changes were left out since the last that was told, the place, so that who reconnects after a
 * month of silence is not before what is kept. An id without data is no event.
 */
function writeComment(response: Response, place: Place): void {
  if (response.writableNeedDrain) return;
  response.write(place.told === place.at ? ':\n\n' : `:\nid: ${String(place.at)}\n\n`);
  place.told = place.at;
}
