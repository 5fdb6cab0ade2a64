import { isTerminal } from '../../../../src/sessions/verdict/session.js';
import { at, type JudgedLife } from '../judged.js';
import { windowEndMs } from '../reading.js';

/** Whether Agora can be asked about the session until every rule must have come to its verdict. */
export function canBeAsked({ answers, knownByMs, reading }: JudgedLife): boolean {
  const windowMs = Math.min(answers.windowEndsMs, windowEndMs(reading));
  return Number.isFinite(answers.refusedUntilMs) && windowMs > knownByMs;
}

/** Rule 2: a session that can be asked about is known to be over some time after it is. */
export function neverForgotten(life: JudgedLife): string[] {
  const { final, truth, knownByMs } = life;
  if (!canBeAsked(life) || isTerminal(final.state)) return [];
  return [`still ${final.state} at ${at(knownByMs)}, over since ${at(truth.aliveUntilMs)}`];
}
