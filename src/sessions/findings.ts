import type { UnixMs } from '../evidence/instant.js';
import { isTakenBack, type Ending } from './ending.js';
import type { SessionFacts } from './facts.js';
import { lastLife } from './merge-signs.js';
import { currentRecorders, isReplaced } from './recorders.js';
import { isSubscribed, type VerdictRules } from './rules.js';
import { FATAL_ERROR_LEVEL } from './signals.js';

/** Something about a session that a person may need to know. */
export type Finding = { code: FindingCode; atMs: UnixMs; message: string };

export type FindingCode = (typeof FINDING_RULES)[number]['code'];

type FindingRule = {
  code: string;
  means: string;
  find: (facts: SessionFacts, ending: Ending | null, rules: VerdictRules) => Found[];
};

type Found = { atMs: UnixMs | null; message: string };

const EXIT_EVENT = 11;
const START_EVENTS = [30, 40, 70];

/** Every finding there can be. `means` goes into the documentation, the message to the reader. */
export const FINDING_RULES = [
  {
    code: 'exit_notice_lost',
    means: 'The session is over, and the notification that says so never came.',
    find: (facts, ending, rules) => {
      const saidSo = facts.recorders.some((recorder) => recorder.exits.length > 0);
      if (ending === null || saidSo || ending.outcome === 'never_started') return [];
      if (!isSubscribed(rules, EXIT_EVENT)) return [];
      const message = 'The session is over, but its exit notification (11) was never received.';
      return [{ atMs: ending.endedAt.notAfterMs, message }];
    },
  },
  {
    code: 'start_notice_lost',
    means: 'Notifications came, but none of those that tell of a start.',
    find: (facts, _ending, rules) => {
      const { firstNotice, noticeSigns } = facts;
      const expected = START_EVENTS.some((event) => isSubscribed(rules, event));
      if (firstNotice === null || noticeSigns.startedMs !== null || !expected) return [];
      const message = 'No start notification (30, 40 or 70) was received, only later ones.';
      return [{ atMs: firstNotice.atMs, message }];
    },
  },
  {
    code: 'failover',
    means: 'Agora moved the recording to another server; it goes on under a new uid.',
    find: (facts) =>
      facts.recorders
        .filter((recorder) => isReplaced(recorder, facts))
        .map(({ uid, replacedMs, firstMs }) => ({
          atMs: replacedMs ?? firstMs,
          message: `Recorder ${uid} was replaced by another one; the session went on.`,
        })),
  },
  {
    code: 'replaced_recorder_exit',
    means: 'A recorder that a failover had replaced said goodbye; the session went on without it.',
    find: (facts) =>
      facts.recorders
        .filter((recorder) => isReplaced(recorder, facts))
        .flatMap(({ uid, exits }) =>
          exits.map(({ atMs }) => ({
            atMs,
            message: `Recorder ${uid} exited after it had been replaced; this ends nothing.`,
          })),
        ),
  },
  {
    code: 'reopened',
    means: 'The session was taken for over, and newer evidence showed it alive.',
    find: (facts, _ending, rules) => [...deniedExits(facts), ...deniedAbsences(facts, rules)],
  },
  {
    code: 'fatal_error',
    means: 'Agora reported an error of level 5, which may end the session.',
    find: (facts) =>
      facts.errors
        .filter(({ level }) => level !== null && level >= FATAL_ERROR_LEVEL)
        .map(({ atMs, code, message }) => ({
          atMs,
          message: `Agora reported fatal error ${String(code ?? 'without a code')}${message === null ? '.' : `: ${message}`}`,
        })),
  },
  {
    code: 'unregistered',
    means:
      'Nobody registered the session, so it cannot be queried and rests on notifications alone.',
    find: (facts) =>
      facts.registration !== null || facts.firstNotice === null
        ? []
        : [
            {
              atMs: facts.firstNotice.atMs,
              message: 'The session is not registered: its state rests on notifications alone.',
            },
          ],
  },
] as const satisfies readonly FindingRule[];

/** An exit, by notice or by status, that a newer query denied. */
function deniedExits(facts: SessionFacts): Found[] {
  const exits = [
    ...currentRecorders(facts).flatMap(({ exits }) => exits.map(({ atMs }) => atMs)),
    ...facts.exitAnswers.map(({ askedMs }) => askedMs),
    ...(facts.stop === null ? [] : [facts.stop.receivedMs]),
  ];
  return exits
    .filter((atMs) => isTakenBack(atMs, facts))
    .map((atMs) => ({
      atMs: facts.answerSigns.lastLiveMs,
      message: `Reported as over at ${isoTime(atMs)}, but a newer query found it alive.`,
    }));
}

/** 404s that had lasted long enough, and then a sign of life. */
function deniedAbsences(facts: SessionFacts, rules: VerdictRules): Found[] {
  const alive = lastLife(facts);
  return facts.goneProofs
    .filter(({ sinceMs, atMs }) => atMs - sinceMs >= rules.goneConfirmMs)
    .filter(({ sinceMs }) => alive !== null && alive >= sinceMs)
    .map(({ sinceMs }) => ({
      atMs: alive,
      message: `Gone since ${isoTime(sinceMs)} by all queries, but a newer sign of life came.`,
    }));
}

/** The moment in ISO 8601, computed from its number: the core has no clock to ask. */
function isoTime(atMs: UnixMs): string {
  return new Date(atMs).toISOString();
}

/** All findings of a session, oldest first. */
export function findFindings(
  facts: SessionFacts,
  ending: Ending | null,
  rules: VerdictRules,
): readonly Finding[] {
  const found = FINDING_RULES.flatMap(({ code, find }) =>
    find(facts, ending, rules).map(({ atMs, message }) => ({ code, atMs, message })),
  );
  return found
    .filter((finding): finding is Finding => finding.atMs !== null)
    .sort((a, b) => a.atMs - b.atMs || (a.code < b.code ? -1 : 1));
}
