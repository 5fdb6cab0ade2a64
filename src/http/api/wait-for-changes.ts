import type { RequestHandler } from 'express';
import { z } from 'zod';
import { readLastCursor } from '../../db/sessions/feed.js';
import { ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { WIRE } from './openapi/json-schemas.js';
import { cursorText, parse } from './parse-request.js';

/** So many readers may wait at a time. Each costs an open connection. */
const MOST_WAITING = 500;
/** One poll serves all who wait, so an answer is late by this much at most. */
const POLL_EVERY_MS = 200;
const LONGEST_S = 60;

export const waitText = z
  .string()
  .regex(/^\d{1,2}$/, 'must be a whole number of seconds')
  .transform(Number)
  .refine((seconds) => seconds <= LONGEST_S, `must be between 0 and ${String(LONGEST_S)}`)
  .default(0)
  .meta({
    description: 'For how many seconds an empty answer is held back until there is a change.',
    [WIRE]: { type: 'integer', minimum: 0, maximum: LONGEST_S, default: 0 },
  });

const waitQuery = z.object({ wait: waitText, after: cursorText.default('0') });

type Waiting = { after: bigint; end: () => void };

/**
 * Delays a request for the feed until there is a version after its cursor, its time is over, the client is gone, or
 * this process stops. It must stand before the read gate, so that a waiting request does not occupy a place there.
 */
export function createWaitForChanges({ db, stopping, log }: ApiContext): RequestHandler {
  const waiting = new Set<Waiting>();
  let polling = false;
  const poll = async (): Promise<void> => {
    const last = await readLastCursor(db.pool);
    for (const one of [...waiting]) if (last !== one.after) one.end();
  };
  const pollWhileSomebodyWaits = async (): Promise<void> => {
    if (polling) return;
    polling = true;
    while (waiting.size > 0) {
      // If Postgres is away for a moment, they go on waiting.
      await poll().catch((error: unknown) => log.debug({ err: error }, 'feed.not_polled'));
      await pause(POLL_EVERY_MS);
    }
    polling = false;
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
        stopping.removeEventListener('abort', stop);
        resolve();
      }
      function stop(): void {
        response.shouldKeepAlive = false; // the listener closes once its connections are closed
        end();
      }
      waiting.add(one);
      stopping.addEventListener('abort', stop);
      response.once('close', end);
      void pollWhileSomebodyWaits();
    });
    if (!response.destroyed) next();
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
