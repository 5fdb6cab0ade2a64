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
 * Which sources confirm the present state. A `stop` answer counts as a report, like a notice.
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
 * During a failover queries answer 404, and a recorder may report its exit. So an end stays reported or
 * observed, as it was first, until no failover can explain it any more. Then one query decides.
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
 * Whether a query found the session over late enough after its end and after all signs of life. If Agora
 * confirmed the call that stopped it, a failover is ruled out, and any later query is enough.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function isSettled(facts: SessionFacts, ending: Ending, rules: VerdictRules): boolean {
  const { stop } = facts;
  const stoppedMs = stop === null ? null : later(stop.receivedMs, ending.endedAt.atMs);
  if (stoppedMs !== null && queryAgrees(facts, stoppedMs)) return true;
  return queryAgrees(facts, plusMs(lastLookFromMs(facts, ending, rules), 1));
}

/**
 * From when on no failover can explain a 404 any more, counted from the end and from all signs of life.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function lastLookFromMs(facts: SessionFacts, ending: Ending, rules: VerdictRules): UnixMs {
  const aliveMs = later(lifeOfOthers(facts), lastReturn(facts));
  const overMs = later(ending.sinceMs, ending.endedAt.notAfterMs);
  const quietMs = later(overMs, aliveMs) ?? ending.sinceMs;
  return plusMs(quietMs, lastLookAfterMs(rules));
}

/** A status 8 or 20 after a 404 means that the session had come back and another recorder then exited. */
function lastReturn({ exitAnswers, notFound }: SessionFacts): UnixMs | null {
  const [missed] = notFound;
  if (missed === undefined) return null;
  return exitAnswers.findLast(({ askedMs }) => askedMs > missed.askedMs)?.answeredMs ?? null;
}

/**
 * The last sign of life of recorders that have not exited. A sign of one that has exited is from its
 * uploader, which outlives it.
 */
export function lifeOfOthers({ recorders }: SessionFacts): UnixMs | null {
  return recorders
    .filter(({ exits }) => exits.length === 0)
    .reduce<UnixMs | null>((last, { lastLifeMs }) => later(last, lastLifeMs), null);
}

function wasToldOf(facts: SessionFacts, rules: VerdictRules): boolean {
  return facts.stop !== null || currentExits(facts).length > 0 || heardCause(facts, rules) !== null;
}
