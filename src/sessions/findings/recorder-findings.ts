import { iso } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import { lastLife } from '../facts/merge-signs-of-life.js';
import { currentExits, isReplaced } from '../facts/current-recorders.js';
import { isRevoked } from '../verdict/agreement.js';
import { FATAL_ERROR_LEVEL } from '../facts/query-triggers.js';
import { leaveReasons, EXPECTED_LEAVE_CODES } from './leave-reasons.js';
import type { Finding } from '../verdict/session.js';
import { quoted, type FindingRule } from './finding.js';

/**
 * Agora moves a recording at most three times; the fourth ends it.
 * @see https://docs.agora.io/en/api-reference/faq/integration/high_availability (read 2026-07); docs/agora.md#failover
 */
const MOST_FAILOVERS = 3;

type Found = Omit<Finding, 'code'>;

/**
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 * @see https://docs.agora.io/en/api-reference/faq/integration/high_availability (read 2026-07); docs/agora.md#failover
 */
export const RECORDER_FINDINGS: readonly FindingRule[] = [
  {
    code: 'failover',
    means: 'Agora moved the recording to another server; it goes on under a new uid.',
    advice: 'Expect a short hole in the recording, and files whose names begin with bak<n>_.',
    find: ({ facts }) =>
      replacedRecorders(facts).map(({ uid, replacedMs, firstMs }) => ({
        atMs: replacedMs ?? firstMs,
        message: `Recorder ${uid} was replaced by another one; the session went on.`,
      })),
  },
  {
    code: 'fourth_failover',
    means: 'The recording was moved a fourth time, which ends it.',
    advice: 'Start a new recording.',
    find: ({ facts }) => {
      const fourth = replacedRecorders(facts)
        .map(({ replacedMs, firstMs }) => replacedMs ?? firstMs)
        .sort((a, b) => a - b)[MOST_FAILOVERS];
      if (fourth === undefined) return [];
      return [{ atMs: fourth, message: 'It was moved a fourth time; Agora ends a recording then.' }];
    },
  },
  {
    code: 'replaced_recorder_exit',
    means: 'A recorder that a failover had replaced reported its exit; the session went on without it.',
    advice: 'Nothing to do: a query was asked, and it decided.',
    find: ({ facts }) =>
      replacedRecorders(facts).flatMap(({ uid, exits }) =>
        exits.map(({ atMs }) => ({
          atMs,
          message: `Recorder ${uid} exited, but another one had taken over; this ends nothing.`,
        })),
      ),
  },
  {
    code: 'reopened',
    means: 'The session was taken for over, and newer evidence showed it alive.',
    advice: 'Look at /explain. Consumers that acted on the end should read the newer version.',
    find: ({ facts, rules }) => [...deniedExits(facts), ...deniedAbsences(facts, rules.goneConfirmMs)],
  },
  {
    code: 'fatal_error',
    means: 'Agora reported an error of level 5, which may end the session.',
    advice: "A query was asked at once. Look the code up on Agora's error pages.",
    find: ({ facts }) =>
      facts.errors
        .filter(({ level }) => level !== null && level >= FATAL_ERROR_LEVEL)
        .map(({ atMs, code, message }) => ({
          atMs,
          message: `Agora reported a fatal error, code ${String(code ?? 'not given')}${message === null ? '' : `: ${message}`}.`,
        })),
  },
  {
    code: 'web_recorder_stopped',
    means: 'The web page recorder stopped for a reason other than being told to.',
    advice: 'Agora advises to start a new web page recording.',
    find: ({ facts }) =>
      leavesOf(facts).flatMap(({ atMs, stopCode, reason }) =>
        stopCode === null || stopCode === 0
          ? []
          : [
              {
                atMs,
                message: `The web recorder stopped with code ${String(stopCode)} ${quoted(reason ?? '')}.`,
              },
            ],
      ),
  },
  {
    code: 'recorder_left',
    means: 'A recorder left the channel for a reason other than being told to.',
    advice: 'After "no users" for instance, look at maxIdleTime.',
    find: ({ facts }) =>
      leavesOf(facts).flatMap(({ uid, atMs, leaveCode }) => {
        if (leaveCode === null || EXPECTED_LEAVE_CODES.includes(leaveCode)) return [];
        const reasons = leaveReasons(leaveCode).join(', ');
        return [{ atMs, message: `Recorder ${uid} left the channel: ${reasons}.` }];
      }),
  },
];

function replacedRecorders(facts: SessionFacts): SessionFacts['recorders'] {
  return facts.recorders.filter((recorder) => isReplaced(recorder, facts));
}

function leavesOf({ recorders }: SessionFacts) {
  return recorders.flatMap(({ uid, left }) => (left === null ? [] : [{ uid, ...left }]));
}

/** An exit by notice, status or stop answer that a newer query denied. */
function deniedExits(facts: SessionFacts): Found[] {
  const { lastLiveMs } = facts.answerSigns;
  if (lastLiveMs === null) return [];
  const exits = [
    ...currentExits(facts).map(({ atMs }) => atMs),
    ...facts.exitAnswers.map(({ askedMs }) => askedMs),
    ...(facts.stop === null ? [] : [facts.stop.receivedMs]),
  ];
  return exits
    .filter((atMs) => isRevoked(atMs, facts))
    .map((atMs) => ({
      atMs: lastLiveMs,
      message: `Reported as over at ${iso(atMs)}, but a newer query found it alive.`,
    }));
}

/** 404s that had lasted long enough, followed by a sign of life. */
function deniedAbsences(facts: SessionFacts, goneConfirmMs: number): Found[] {
  const alive = lastLife(facts);
  if (alive === null) return [];
  return facts.goneProofs
    .filter(({ sinceMs, atMs }) => atMs - sinceMs >= goneConfirmMs && alive >= sinceMs)
    .map(({ sinceMs }) => ({
      atMs: alive,
      message: `Gone since ${iso(sinceMs)} by all queries, but a newer sign of life came.`,
    }));
}
