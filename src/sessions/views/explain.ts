import { iso, type UnixMs } from '../../evidence/instant.js';
import { certaintyOf } from '../verdict/certainty.js';
import { conclude } from './conclude.js';
import { currentExits } from '../facts/current-recorders.js';
import type { Ending } from '../verdict/ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { heardCause } from '../verdict/heard-cause.js';
import { livePhase } from '../verdict/phase.js';
import type { VerdictRules } from '../facts/rules.js';
import type { Certainty, Session, SessionState } from '../verdict/session.js';
import { isTerminal } from '../verdict/session.js';
import { explainUpload } from './explain-upload.js';
import type { Explanation, Reference } from './explanation.js';

export function explain(facts: SessionFacts, rules: VerdictRules): readonly Explanation[] {
  const { session, ending } = conclude(facts, rules);
  return [
    explainState(facts, session, ending, rules),
    ...(ending === null ? [] : explainEnding(facts, session, ending, rules)),
    explainStart(session),
    explainUpload(facts, session, ending, rules),
    explainCertainty(facts, session, ending, rules),
  ];
}

function explainState(
  facts: SessionFacts,
  { state }: Session,
  ending: Ending | null,
  rules: VerdictRules,
): Explanation {
  const rule = ending?.rule ?? livePhase(facts);
  const because = ending === null ? PHASES[state] : `It is over: ${ENDINGS[ending.rule]}`;
  const evidence = ending === null ? signsOf(facts) : evidenceOfEnding(facts, ending, rules);
  return { fact: 'state', value: state, rule, because, evidence };
}

const PHASES: Record<SessionState, string> = {
  registered: 'It is registered, and neither a notification nor a query has shown it alive.',
  starting: 'It is alive, but nothing has shown its recorder at work yet.',
  recording: 'Its recorder was seen at work, and nothing newer says otherwise.',
  stopping: 'It said that it is leaving, and nothing newer shows it at work again.',
  ended: 'It is over.',
  failed: 'It is over, and not as it should be.',
};

const ENDINGS: Record<Ending['rule'], string> = {
  exit_notice: 'its recorder reported the exit, and no newer query found it alive.',
  exit_status: 'a query answered that the service has exited.',
  stop_answer: 'Agora confirmed the call that stopped it.',
  contradicted_exit:
    'its recorder reported the exit; a query in between seemed to deny it, but since then queries have found no worker for longer than any failover takes.',
  heard_cause:
    'a notification gave the reason why it left, though not its exit, and since then queries have found no worker for longer than any failover takes.',
  gone: 'it was seen alive, and since then queries have found no worker for longer than any failover takes.',
  never_started: 'it was never seen alive, and queries found no worker throughout the time it had to start.',
};

function explainEnding(facts: SessionFacts, { outcome }: Session, ending: Ending, rules: VerdictRules): Explanation[] {
  const evidence = evidenceOfEnding(facts, ending, rules);
  const { rule } = ending;
  return [
    { fact: 'outcome', value: outcome, rule, because: outcomeInWords(ending, rules), evidence },
    { fact: 'endedAt', value: endInWords(ending), rule, because: END_TIMES[rule], evidence },
  ];
}

function outcomeInWords({ outcome, rule }: Ending, rules: VerdictRules): string {
  switch (outcome) {
    case 'completed':
      return `It ended as intended: ${ENDINGS[rule]}`;
    case 'abnormal_exit':
      return 'It ended with a status that means an abnormal exit.';
    case 'vanished':
      return `No end was reported. Queries found no worker for at least ${seconds(rules.goneConfirmMs)}, and no sign of life came in that time.`;
    case 'never_started':
      return `No sign of life came within ${seconds(rules.startDeadlineMs)} of its start.`;
  }
}

function seconds(ms: number): string {
  return `${String(ms / 1000)} s`;
}

const END_TIMES: Record<Ending['rule'], string> = {
  exit_notice: 'The exit notification carries the time of the exit.',
  exit_status:
    'Its exit was not reported: it ended after the last sign of life and before the query that found it over.',
  stop_answer:
    'Its exit was not reported: it ended after the last sign of life and before the answer to `stop` was passed on.',
  contradicted_exit:
    'The reported time is in doubt: it ended between the last sign of life and the first query that found no worker for good.',
  heard_cause:
    'Its exit was not reported: it ended between the last sign of life and the first query that found no worker for good.',
  gone: 'Its exit was not reported: it ended between the last sign of life and the first query that found no worker for good.',
  never_started: 'It never began: this is when queries first found no worker.',
};

function endInWords({ endedAt }: Ending): string {
  if (endedAt.atMs !== null) return iso(endedAt.atMs);
  const from = endedAt.notBeforeMs === null ? 'unknown' : iso(endedAt.notBeforeMs);
  return `${from} .. ${endedAt.notAfterMs === null ? 'unknown' : iso(endedAt.notAfterMs)}`;
}

function evidenceOfEnding(facts: SessionFacts, ending: Ending, rules: VerdictRules): readonly Reference[] {
  switch (ending.rule) {
    case 'exit_notice':
      return exitsOf(facts);
    case 'exit_status':
      return facts.exitAnswers.map(({ askedMs, status }) => ({
        source: 'query',
        atMs: askedMs,
        what: `answered with status ${String(status)}`,
      }));
    case 'stop_answer':
      return facts.stop === null ? [] : [{ source: 'stop', atMs: facts.stop.receivedMs, what: 'stop was answered' }];
    case 'contradicted_exit':
      return [...exitsOf(facts), ...signsOf(facts), ...missesOf(facts)];
    case 'heard_cause':
      return [...causeOf(facts, rules), ...signsOf(facts), ...missesOf(facts)];
    case 'gone':
    case 'never_started':
      return [...signsOf(facts), ...missesOf(facts)];
  }
}

function exitsOf(facts: SessionFacts): Reference[] {
  return currentExits(facts).map(({ atMs, exitStatus }) => ({
    source: 'notice',
    atMs,
    what: `session_exit with status ${String(exitStatus ?? 'not given')}`,
  }));
}

function causeOf(facts: SessionFacts, rules: VerdictRules): Reference[] {
  if (facts.stop !== null) return [{ source: 'stop', atMs: facts.stop.receivedMs, what: 'stop was answered' }];
  const cause = heardCause(facts, rules);
  return cause === null ? [] : [{ source: 'notice', atMs: cause.atMs, what: cause.what }];
}

function missesOf({ notFound }: SessionFacts): Reference[] {
  return notFound.map(({ askedMs }) => ({
    source: 'query',
    atMs: askedMs,
    what: 'found no worker (404)',
  }));
}

function signsOf({ noticeSigns, answerSigns, registration }: SessionFacts): Reference[] {
  const told: [Reference['source'], UnixMs | null | undefined, string][] = [
    ['registration', registration?.receivedMs, 'registered'],
    ['notice', noticeSigns.lastLifeMs, 'last sign of life in a notification'],
    ['notice', noticeSigns.lastRecordingMs, 'last notification of a recorder at work'],
    ['query', answerSigns.lastLifeMs, 'last query that found it alive'],
    ['query', answerSigns.lastStoppingMs, 'last query that found it stopping'],
  ];
  return told.flatMap(([source, atMs, what]) => (atMs === null || atMs === undefined ? [] : [{ source, atMs, what }]));
}

function explainStart({ startedAt }: Session): Explanation {
  if (startedAt === null) {
    const because = 'Neither a notification, nor a query, nor the registration gives a start.';
    return { fact: 'startedAt', value: null, rule: 'unknown', because, evidence: [] };
  }
  const { atMs, source } = startedAt;
  return {
    fact: 'startedAt',
    value: iso(atMs),
    rule: `first_${source}`,
    because: STARTS[source],
    evidence: [{ source, atMs, what: 'tells of the start' }],
  };
}

const STARTS = {
  notice: 'The earliest notification of a start, or the earliest sign of life if that was lost.',
  query: 'No notification reports the start: this is the earliest time that a query gave.',
  registration: 'No sign of life yet: this is when `start` was called, as its caller reported.',
} as const;

function explainCertainty(
  facts: SessionFacts,
  { state }: Session,
  ending: Ending | null,
  rules: VerdictRules,
): Explanation {
  const certainty = certaintyOf(facts, state, ending, rules);
  return {
    fact: 'certainty',
    value: certainty,
    rule: certainty,
    because: isTerminal(state) ? CERTAINTIES_OF_END[certainty] : CERTAINTIES_OF_LIFE[certainty],
    evidence: signsOf(facts),
  };
}

const CERTAINTIES_OF_LIFE: Record<Certainty, string> = {
  reported: 'Only notifications say so.',
  observed: 'Only queries say so.',
  confirmed: 'Notifications and queries agree.',
};

const CERTAINTIES_OF_END: Record<Certainty, string> = {
  reported: 'The end was reported; no query asked late enough after it has confirmed it yet.',
  observed: 'Queries found it over; no report has been confirmed by a query late enough after it.',
  confirmed: 'The end was reported, and a query confirmed it.',
};
