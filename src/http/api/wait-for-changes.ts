import type { RequestHandler } from 'express';
import { z } from 'zod';
import { readLastCursor } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { cursorText, parse } from './parse-request.js';

/** So many readers wait at a time: each holds a connection open, and no more. */
const MOST_WAITING = 500;
/** One look for all who wait. A version is made known so much later than it could be, at most. */
const LOOK_EVERY_MS = 200;
const LONGEST_S = 60;

export const waitText = z
  .string()
  .regex(/^\d{1,2}$/, 'must be a whole number of seconds')
  .transform(Number)
  .refine((seconds) => seconds <= LONGEST_S, `must be between 0 and ${String(LONGEST_S)}`)
  .default(0);

const waitQuery = z.object({ wait: waitText, after: cursorText.default('0') });

type Waiting = { after: bigint; end: () => void };

/**
 * Holds a reader of the feed back until there is something after his cursor, his time is over, he is gone, or this
 * process stops. It comes before the turns that reads take, so that who waits takes nobody's turn.
 */
export function createWaitForChanges({ db, stopping, log }: ApiContext): RequestHandler {
  const waiting = new Set<Waiting>();
  let looking = false;
  const look = async (): Promise<void> => {
    const last = await readLastCursor(db.pool);
    for (const one of [...waiting]) if (last !== one.after) one.end();
  };
  const lookWhileSomebodyWaits = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    while (waiting.size > 0) {
      // Postgres may be away for a moment: they wait on, and are told so when they read.
      await look().catch((error: unknown) => log.debug({ err: error }, 'feed.not_looked_at'));
      await pause(LOOK_EVERY_MS);
    }
    looking = false;
  };
  return async (request, response, next) => {
    const { wait, after } = parse(waitQuery, request.query, 'query');
    if (wait === 0 || stopping.aborted || (await readLastCursor(db.pool)) !== BigInt(after)) {
      next();
      return;
    }
    if (waiting.size >= MOST_WAITING) {
      response.set('Retry-After', '1');
      throw new ProblemError({ status: 503, title: 'Too many readers wait', detail: 'Come again in a second.' });
    }
    await new Promise<void>((resolve) => {
      const one = { after: BigInt(after), end };
      const timer = setTimeout(end, wait * 1000);
      function end(): void {
        clearTimeout(timer);
        waiting.delete(one);
        stopping.removeEventListener('abort', end);
        resolve();
      }
      waiting.add(one);
      stopping.addEventListener('abort', end);
      response.once('close', end);
      void lookWhileSomebodyWaits();
    });
    // The last answer on this connection: the listener waits for connections to close.
    if (stopping.aborted) response.shouldKeepAlive = false;
    if (!response.destroyed) next();
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
