import { later, plusMs, type UnixMs } from '../../evidence/instant.js';
import { queryAgrees } from './agreement.js';
import { currentExits } from '../facts/current-recorders.js';
import type { Ending } from './ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { heardCause } from './heard-cause.js';
import { phaseWitnesses } from './phase.js';
import { lastLookAfterMs, type VerdictRules } from '../facts/rules.js';
import type { Certainty, SessionState } from './session.js';

/**
 * Who vouches for the present state. What a `stop` answered is a report, like a notice.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function certaintyOf(
  facts: SessionFacts,
  state: SessionState,
  ending: Ending | null,
  rules: VerdictRules,
): Certainty {
  const { notices, queries } = ending === null ? phaseWitnesses(facts, state) : endingWitnesses(facts, ending, rules);
  if (notices && queries) return 'confirmed';
  return queries ? 'observed' : 'reported';
}

/**
 * A failover answers 404 and may let a recorder say goodbye, so until none can explain it any more an
 * end stays what it was first: reported, or observed. Then one query decides.
 */
function endingWitnesses(
  facts: SessionFacts,
  ending: Ending,
  rules: VerdictRules,
): { notices: boolean; queries: boolean } {
  const settled = isSettled(facts, ending, rules);
  if (ending.rule === 'exit_notice' || ending.rule === 'stop_answer') {
    return { notices: true, queries: settled };
  }
  return { notices: settled && wasToldOf(facts, rules), queries: true };
}

/**
 * Whether the session was looked at again late enough after its end and after all life, and was found
 * over. Where Agora confirmed the call that stopped it no failover is in question, and any query after
 * it will do.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function isSettled(facts: SessionFacts, ending: Ending, rules: VerdictRules): boolean {
  const { stop } = facts;
  const stoppedMs = stop === null ? null : later(stop.receivedMs, ending.endedAt.atMs);
  if (stoppedMs !== null && queryAgrees(facts, stoppedMs)) return true;
  return queryAgrees(facts, plusMs(lastLookFromMs(facts, ending, rules), 1));
}

/**
 * From when on no failover can explain any more that it is not found: counted from the end and from all life.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function lastLookFromMs(facts: SessionFacts, ending: Ending, rules: VerdictRules): UnixMs {
  const aliveMs = later(lifeOfOthers(facts), lastReturn(facts));
  const overMs = later(ending.sinceMs, ending.endedAt.notAfterMs);
  const quietMs = later(overMs, aliveMs) ?? ending.sinceMs;
  return plusMs(quietMs, lastLookAfterMs(rules));
}

/** A status 8 or 20 after a 404: what was not found had come back, for another recorder to exit. */
function lastReturn({ exitAnswers, notFound }: SessionFacts): UnixMs | null {
  const [missed] = notFound;
  if (missed === undefined) return null;
  return exitAnswers.findLast(({ askedMs }) => askedMs > missed.askedMs)?.answeredMs ?? null;
}

/** The last life of recorders that have not exited: of one that has it is its uploader's, which outlives it. */
export function lifeOfOthers({ recorders }: SessionFacts): UnixMs | null {
  return recorders
    .filter(({ exits }) => exits.length === 0)
    .reduce<UnixMs | null>((last, { lastLifeMs }) => later(last, lastLifeMs), null);
}

function wasToldOf(facts: SessionFacts, rules: VerdictRules): boolean {
  return facts.stop !== null || currentExits(facts).length > 0 || heardCause(facts, rules) !== null;
}
