import { iso, plusMs } from '../../evidence/instant.js';
import { currentExits } from '../facts/current-recorders.js';
import { registeredStart } from '../facts/query-window.js';
import { isSubscribed } from '../facts/rules.js';
import type { FindingRule } from './finding.js';

const EXIT = 11;
const HA_REGISTERED = 13;
const STARTS = [30, 40, 70];
/**
 * Agora's best practices: a session whose event 13 is missing by then should be started anew.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#events
 */
const HA_REGISTERED_WITHIN_MS = 10_000;
/** A smaller difference is usual between two clocks. */
const SKEW_WORTH_TELLING_MS = 2_000;
/** One or two notifications may merely have been slow. */
const FEWEST_COMPARED = 3;

function inSeconds(ms: number): string {
  return `${String(ms / 1000)} s`;
}

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#sequence */
export const NOTIFICATION_FINDINGS: readonly FindingRule[] = [
  {
    code: 'exit_notice_lost',
    means: 'The session is over, and the notification that says so (11) never came.',
    advice:
      'Nothing to do: a query found the end. Often: check the receiver and ask Agora for redundant notifications.',
    find: ({ facts, ending, rules }) => {
      const saidSo = currentExits(facts).length > 0;
      const atMs = ending === null ? null : (ending.endedAt.notAfterMs ?? ending.sinceMs);
      if (ending?.endedAt.atMs !== null) return [];
      if (atMs === null || saidSo || ending.outcome === 'never_started') return [];
      if (!isSubscribed(rules, EXIT)) return [];
      return [{ atMs, message: 'It is over, but its exit notification (11) was never received.' }];
    },
  },
  {
    code: 'start_notice_lost',
    means: 'Notifications came, but none of those that tell of a start (30, 40, 70).',
    advice: 'Nothing to do: the start is dated by the earliest other evidence.',
    find: ({ facts: { firstNotice, noticeSigns }, rules }) => {
      const expected = STARTS.some((event) => isSubscribed(rules, event));
      if (firstNotice === null || noticeSigns.startedMs !== null || !expected) return [];
      const message = 'No notification of its start (30, 40 or 70) was received, only later ones.';
      return [{ atMs: firstNotice.atMs, message }];
    },
  },
  {
    code: 'gap',
    means: 'Sequence numbers of a sender are missing: notifications were lost, or never sent.',
    advice: 'Look at /gaps: a gap that a query covered hides no end; files and streams may be incomplete.',
    find: ({ gaps }) =>
      gaps
        .filter(({ settledBy }) => settledBy !== 'notice')
        .map(({ uid, from, to, revealedMs, settledBy }) => ({
          atMs: revealedMs,
          message: `${from === to ? `Notification ${String(from)}` : `Notifications ${String(from)} to ${String(to)}`} of recorder ${uid} never came${settledBy === 'query' ? '; a query has told since how it stands' : ''}.`,
        })),
  },
  {
    code: 'ha_register_missing',
    means: 'Event 13 (high availability registered) did not come within 10 s of the start.',
    advice: 'Agora advises to start a new recording with another uid.',
    find: ({ facts, rules }) => {
      const { registration, haRegisteredMs, knownUntilMs, firstNotice } = facts;
      const expected = rules.subscribedEvents?.includes(HA_REGISTERED) ?? false;
      if (!expected || registration === null || haRegisteredMs !== null) return [];
      const atMs = plusMs(registeredStart(registration), HA_REGISTERED_WITHIN_MS);
      if (knownUntilMs < atMs || firstNotice === null) return [];
      return [{ atMs, message: 'Event 13 had not come 10 s after the start.' }];
    },
  },
  {
    code: 'started_in_future',
    means: 'The registration said that it would start later than it was registered itself.',
    advice: 'Check the clock of the service that calls `start`. The time of registering counts.',
    find: ({ facts: { registration } }) =>
      registration === null ||
      registration.startedMs === null ||
      registration.startedMs - registration.receivedMs < SKEW_WORTH_TELLING_MS
        ? []
        : [
            {
              atMs: registration.receivedMs,
              message: `It was registered as started at ${iso(registration.startedMs)}, which was still to come.`,
            },
          ],
  },
  {
    code: 'unregistered',
    means: 'The session is not registered, so it cannot be queried.',
    advice: 'Register sessions when `start` succeeds: PUT /v1/sessions/{sid}.',
    find: ({ facts: { registration, firstNotice } }) =>
      registration !== null || firstNotice === null
        ? []
        : [
            {
              atMs: firstNotice.atMs,
              message: 'It is not registered: what is known of it rests on notifications alone.',
            },
          ],
  },
  {
    code: 'clock_skew',
    means:
      "A sender's clock is ahead of ours, for its notifications are dated after we received them, or behind Agora's own, for all of them are dated long before they were sent.",
    advice:
      'Ahead: check the clocks of the receivers (NTP); such notifications are dated by their receipt. Behind: times that rest on that recorder alone are so much too early.',
    find: ({ facts: { skew, recorders } }) => [
      ...(skew === null || skew.aheadMs < SKEW_WORTH_TELLING_MS
        ? []
        : [{ atMs: skew.atMs, message: `A notification was dated ${inSeconds(skew.aheadMs)} after it was received.` }]),
      ...recorders.flatMap(({ uid, clock: [least, ...others] }) =>
        least === undefined || others.length + 1 < FEWEST_COMPARED || least.behindMs < SKEW_WORTH_TELLING_MS
          ? []
          : [
              {
                atMs: least.atMs,
                message: `Recorder ${uid} dates its notifications at least ${inSeconds(least.behindMs)} before Agora sends them: its clock is behind.`,
              },
            ],
      ),
    ],
  },
  {
    code: 'contradiction',
    means: 'Two sources say what cannot both be true of one session.',
    advice: 'Look at /timeline. Mostly a registration with the wrong App ID or channel name.',
    find: ({ facts, ending }) => {
      const { registration, toldAppIds, toldCnames, firstNotice, exitAnswers } = facts;
      const atMs = firstNotice?.atMs ?? registration?.receivedMs ?? facts.knownUntilMs;
      const found = [];
      if (registration !== null) {
        const apps = toldAppIds.filter((appId) => appId !== registration.appId);
        const names = toldCnames.filter((cname) => cname !== registration.cname);
        if (apps.length > 0)
          found.push({
            atMs,
            message: `Registered for app ${registration.appId}, but app ${apps.join(', ')} sent notifications of it; those of another account count for nothing.`,
          });
        if (names.length > 0)
          found.push({
            atMs,
            message: `Registered for channel ${registration.cname}, but notifications name ${names.join(', ')}.`,
          });
      }
      const denial = exitAnswers.find(({ status }) => (status === 20) !== (ending?.outcome === 'abnormal_exit'));
      if (ending?.rule === 'exit_notice' && denial !== undefined) {
        found.push({
          atMs: denial.askedMs,
          message: `The exit notification of ${iso(ending.endedAt.atMs ?? atMs)} and a query's status ${String(denial.status)} disagree about how it ended.`,
        });
      }
      return found;
    },
  },
];
