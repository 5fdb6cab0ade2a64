import { queryableUntil } from '../facts/query-window.js';
import { isConfigured } from '../facts/rules.js';
import { quoted, type FindingRule } from './finding.js';
import { incident } from './upload-findings.js';

/** @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes */
export const QUERY_FINDINGS: readonly FindingRule[] = [
  {
    code: 'app_not_configured',
    means: 'It is registered under an App ID that no account here has: `query` cannot be asked.',
    advice:
      'Add the app to AGORA_CONFIG_FILE and start again; if the App ID is wrong, register it with `?replace=true`.',
    find: ({ facts: { registration }, rules }) => {
      if (registration === null || isConfigured(rules, registration.appId)) return [];
      const { appId, receivedMs } = registration;
      return [
        {
          atMs: receivedMs,
          message: `App ${quoted(appId)} is not configured: since it was registered, only notifications can tell of it.`,
        },
      ];
    },
  },
  {
    code: 'start_unacknowledged',
    means: 'Its `start` was passed on and answered, and the answer did not reach whoever had called.',
    advice: 'It records, and its caller may not know: stop it, or go on with it by its sid.',
    find: ({ facts: { registration } }) => {
      if (registration?.startCall?.heard !== false) return [];
      const atMs = registration.receivedMs;
      return [{ atMs, message: 'Agora started it, and the answer did not reach the caller of `start`.' }];
    },
  },
  {
    code: 'query_window_expired',
    means: 'resourceExpiredHour is over: `query` answers no more, while the recording may go on.',
    advice: 'Only notifications tell of it now. Start long recordings with a larger resourceExpiredHour.',
    find: ({ facts, ending }) => {
      const atMs = queryableUntil(facts);
      if (ending !== null || atMs === null || facts.knownUntilMs < atMs) return [];
      return [{ atMs, message: 'Its query window is over; only notifications can tell of it now.' }];
    },
  },
  incident(
    'bad_request',
    'Agora refused a query as a bad request. It is tried again after 1, 5, 15 and then 60 min, and at once when a notification tells something.',
    'Compare the registration (resourceId, mode, App ID) with what `start` used.',
    (reason) => `Agora refused the query: ${quoted(reason)}.`,
  ),
  incident(
    'no_route',
    'Agora has no such address: the base URL, the App ID or the mode is wrong.',
    'Check AGORA_BASE_URLS, and the mode it was registered with.',
    () => 'Agora answered "no Route matched": this says nothing about the recording.',
  ),
  incident(
    'unauthorized',
    "Agora refused the credentials that the session's app is asked with.",
    'Check the customer id and secret, and that the App ID belongs to that account.',
    () => 'Agora refused the credentials (401). Sessions of this app wait; one query a minute tries it again.',
  ),
  incident(
    'service_abnormal',
    'A query reported a part of the recording service as abnormal.',
    'Check the parameters of the extension service.',
    (word) => `A query reported ${quoted(word)}.`,
  ),
];
