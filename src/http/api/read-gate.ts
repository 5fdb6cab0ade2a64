import type { RequestHandler, Response } from 'express';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProblemError } from '../problem.js';

/** So many reads are served at a time: this process may receive notifications too. */
const AT_A_TIME = 2;
/** So many wait for their turn, in the order in which they came. */
const WAITING = 100;
/** Turns of the event loop between two reads, in which everything else is served. */
const TURNS_BETWEEN = 2;

/**
 * Reads take their turn: a few are served, others wait in order, and who finds too many waiting is told
 * to come again. Served is who has his answer, however slowly he takes it.
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
      if (response.destroyed) return; // gone while it waited
      served += 1;
      onceOver(response, () => void letNextIn());
      next();
    };
    if (served < atATime) enter();
    else if (waiting.length < mostWaiting) waiting.push(enter);
    else {
      response.set('Retry-After', '1');
      throw new ProblemError({ status: 503, title: 'Too many reads wait', detail: 'Come again in a second.' });
    }
  };
}

/** Once the answer is given, or whoever asked is gone. */
function onceOver(response: Response, work: () => void): void {
  let isOver = false;
  const over = (): void => {
    if (!isOver) work();
    isOver = true;
  };
  response.once('prefinish', over).once('close', over);
}
