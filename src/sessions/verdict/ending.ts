import type { UnixMs } from '../../evidence/instant.js';
import type { SessionEnd, SessionOutcome } from './session.js';

/**
 * Why a session is over: the outcome, when it ended, and the rule that decided.
 *
 * - `exit_notice`: its recorder reported the exit, and no newer query denies it.
 * - `exit_status`: a query answered that it has exited.
 * - `stop_answer`: Agora confirmed the call that stopped it.
 * - `contradicted_exit`: an exit was reported that a query seemed to deny, and then 404s lasted.
 * - `heard_cause`: 404s lasted, and the reason for leaving was reported, though not the exit.
 * - `gone`: 404s lasted, and no cause was reported.
 * - `never_started`: 404s lasted throughout the time in which it should have started.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export type EndingRule =
  'exit_notice' | 'exit_status' | 'stop_answer' | 'contradicted_exit' | 'heard_cause' | 'gone' | 'never_started';

export type Ending = {
  outcome: SessionOutcome;
  endedAt: SessionEnd;
  rule: EndingRule;
  /** From when on it was certainly over, if this ending holds. The time of the last look counts from here. */
  sinceMs: UnixMs;
};
