import type { UnixMs } from '../evidence/instant.js';
import { endMs, type Ending } from './ending.js';
import type { SessionFacts } from './facts.js';
import { phaseWitnesses } from './phase.js';
import type { Certainty, SessionState } from './session.js';

/** Who vouches for the present state. What a `stop` answered is a report, like a notice. */
export function certaintyOf(
  facts: SessionFacts,
  state: SessionState,
  ending: Ending | null,
): Certainty {
  const { notices, queries } =
    ending === null ? phaseWitnesses(facts, state) : endingWitnesses(facts, ending);
  if (notices && queries) return 'confirmed';
  return queries ? 'observed' : 'reported';
}

function endingWitnesses(
  facts: SessionFacts,
  ending: Ending,
): { notices: boolean; queries: boolean } {
  switch (ending.rule) {
    case 'exit_notice':
    case 'stop_answer':
      return { notices: true, queries: queryAgrees(facts, endMs(ending)) };
    case 'exit_status':
      return { notices: hasExitOrStop(facts), queries: true };
    case 'gone':
      return { notices: hasExitOrStop(facts), queries: true };
    case 'never_started':
      return { notices: false, queries: true };
  }
}

/** A 404, or a status 8 or 20, asked for after the end agrees with it. */
export function queryAgrees(facts: SessionFacts, sinceMs: UnixMs): boolean {
  const { lastNotFoundMs } = facts.asked;
  const sawNothing = lastNotFoundMs !== null && lastNotFoundMs >= sinceMs;
  return sawNothing || facts.exitAnswers.some(({ askedMs }) => askedMs >= sinceMs);
}

function hasExitOrStop(facts: SessionFacts): boolean {
  return facts.stop !== null || facts.recorders.some((recorder) => recorder.exits.length > 0);
}
