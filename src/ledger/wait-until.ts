import type { UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { fold } from '../sessions/facts/fold.js';
import type { VerdictRules } from '../sessions/facts/rules.js';
import { findEnding } from '../sessions/verdict/find-ending.js';
import { lastAlarm } from '../sessions/verdict/next-alarm.js';

/**
 * The facts of a session that was waited for until then: as of its last alarm before, which follows from the
 * evidence, and not as of when somebody looked, so that it reads the same when its evidence is folded again.
 */
export function waitUntil(facts: SessionFacts, untilMs: UnixMs, rules: VerdictRules): SessionFacts {
  const alarmMs = lastAlarm(facts, findEnding(facts, rules), rules, untilMs);
  if (alarmMs === null) return facts;
  return fold(facts, [{ kind: 'time_passed', sid: facts.sid, untilMs: alarmMs }]);
}
