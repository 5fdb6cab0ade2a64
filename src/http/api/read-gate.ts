import type { RequestHandler, Response } from 'express';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProblemError } from '../problem.js';

/** How many reads are served at a time: this process may receive notifications too. */
const AT_A_TIME = 2;
/** How many may wait for their turn, in order of arrival. */
const WAITING = 100;
/** Turns of the event loop between two reads, for all other work. */
const TURNS_BETWEEN = 2;

/**
 * Limits concurrent reads: a few are served, others wait in order, and beyond that a request is told to try
 * again later. A read counts as served once its answer is written, however slowly the client reads it.
 */
export function createReadGate(atATime = AT_A_TIME, mostWaiting = WAITING): RequestHandler {
  const waiting: (() => void)[] = [];
  let served = 0;
  const letNextIn = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS_BETWEEN; turn += 1) await nextTurn();
    served -= 1;
    while (served < atATime && waiting.length > 0) waiting.shift()?.();
  };
  return (request, response, next) => {
    if (request.method !== 'GET') {
      next();
      return;
    }
    const enter = (): void => {
      if (response.destroyed) return; // the client left while it waited
      served += 1;
      onceOver(response, () => void letNextIn());
      next();
    };
    if (served < atATime) enter();
    else if (waiting.length < mostWaiting) waiting.push(enter);
    else {
      response.set('Retry-After', '1');
      throw new ProblemError({ status: 503, title: 'Too many reads wait', detail: 'Try again in a second.' });
    }
  };
}

/** Resolves once the answer is written, or the client is gone. */
function onceOver(response: Response, work: () => void): void {
  let isOver = false;
  const over = (): void => {
    if (!isOver) work();
    isOver = true;
  };
  response.once('prefinish', over).once('close', over);
}
