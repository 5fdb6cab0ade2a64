import { z } from 'zod';
import { REJECTION_REASONS } from '../../../evidence/rejection.js';
import type { AnswerOf } from '../openapi/route.js';
import { amount, count, listOf, moment, oneOf, orNull, words } from './fields.js';

const forecast = z.object({
  targetMs: count('The bound that is wished for, in milliseconds (`TRUTH_TARGET_MS`).'),
  sessionsAtTarget: count('Up to how many sessions the bound keeps to it.'),
  perSecondForTarget: orNull(
    amount('Queries a second that would keep it at the present load; null where no limit is enough.'),
  ),
});

const notVerifiable = z.object({
  sessions: count('All of them.'),
  notQueryable: count('Sessions that nothing can be asked about.'),
  refused: count('Sessions of apps and accounts that Agora answers 401 or 403.'),
  unreachable: count('Sessions of accounts of which no query is answered.'),
  paused: count('Sessions of accounts that Agora told to wait.'),
});

const truth = z.object({
  liveSessions: count('Sessions that are not over and can be asked about.'),
  notQueryable: count('Sessions that are not over and that nothing can be asked about: nothing is promised of them.'),
  notVerifiable: notVerifiable.meta({
    description: 'Sessions that are not over and that nothing can verify just now, by why.',
  }),
  boundMs: orNull(
    amount('No live, queryable session stays unverified longer, in milliseconds; null while Agora cannot be asked.'),
  ),
  verifiedWithinBound: orNull(amount('The part of the live sessions that was verified within the bound, from 0 to 1.')),
  forecast: forecast.meta({ description: 'How the bound stands to the one that is wished for.' }),
});

const sessions = z.object({
  registered: count('Sessions in state `registered`.'),
  starting: count('Sessions in state `starting`.'),
  recording: count('Sessions in state `recording`.'),
  stopping: count('Sessions in state `stopping`.'),
  ended: count('Sessions in state `ended`.'),
  failed: count('Sessions in state `failed`.'),
});

const notices = z.object({
  deliveries: count('Notifications, repeated deliveries included.'),
  events: count('Distinct notifications.'),
  duplicates: count('Repeated deliveries.'),
  outOfOrder: count('Notifications that came after one with a higher sequence number of the same sender.'),
  quarantined: count('Bodies with a valid signature that could not be read.'),
  rejected: count('Requests to the receiver that were refused.'),
  rejectedByReason: z
    .partialRecord(z.enum(REJECTION_REASONS), count('Requests that were refused for this reason.'))
    .meta({ description: 'Those, by the reason.' }),
});

const gaps = z.object({
  open: count('Runs of sequence numbers that are still missing.'),
  settledByNotice: count('Runs that late notifications have settled.'),
  settledByQuery: count('Runs that a query has settled.'),
});

const queries = z.object({
  limitPerSecond: amount('Queries a second that this service allows itself, of all accounts.'),
  reachablePerSecond: amount('What the slots allow of that at the time that answers take now.'),
  lastMinute: count('Queries of the last minute.'),
  throttled: count('Of those, how many were answered 429.'),
  outcomes: z
    .record(z.string(), z.number().int())
    .meta({ description: 'Queries of the last minute by their outcome.' }),
});

const staleness = z.object({
  p50Ms: count('Half of the live sessions were verified more recently, in milliseconds.'),
  p95Ms: count('95 of 100 were verified more recently, in milliseconds.'),
  p99Ms: count('99 of 100 were verified more recently, in milliseconds.'),
  maxMs: count('The longest time since one was verified, in milliseconds.'),
});

const queue = z.object({
  backend: words('What the queue stands on: `redis` or `postgres`.'),
  waiting: count('Jobs that wait.'),
  active: count('Jobs that are worked on.'),
});

const refused = z.object({
  account: words('The account.'),
  appId: orNull(words('The app; null for the account as a whole.')),
  since: moment('Since when Agora has answered 401 or 403.'),
  advice: words('What to do about it.'),
});

const ASKABLE = {
  state: oneOf(
    'Whether it can be asked about: `refused` where Agora answers 401 or 403, `unreachable` where it answers nothing, `paused` where it says to wait.',
    ['ok', 'refused', 'unreachable', 'paused'],
  ),
  reason: orNull(words('Why not, in one word.')),
  since: orNull(moment('Since when not.')),
  advice: orNull(words('What to do about it.')),
};

const HEARD = {
  lastNoticeAt: orNull(moment('When the last signed notification came; tests of the console aside.')),
  lastTestAt: orNull(moment('When the last test of the console came.')),
};

const account = z.object({
  name: words('The account.'),
  ...ASKABLE,
  apps: listOf(
    'Its apps.',
    z.object({
      appId: words('The app.'),
      ...ASKABLE,
      ...HEARD,
      lastRejectedAt: orNull(moment('When the last request for it was refused.')),
    }),
  ),
});

const receiver = z.object({
  ...HEARD,
  rejections: listOf(
    'The last refused request of each app and reason, newest first.',
    z.object({
      appId: orNull(words('The app; null where the address names none that is configured.')),
      reason: oneOf('Why it was refused.', REJECTION_REASONS),
      lastAt: moment('When the last one came.'),
      advice: words('What to mend.'),
    }),
  ),
});

const webhooks = z.object({
  endpoints: count('All endpoints.'),
  paused: count('Endpoints that are paused.'),
  failing: count('Active endpoints of which every try has failed for a while.'),
  waiting: count('Deliveries that are tried again.'),
  parked: count('Deliveries that were given up.'),
  lagSeconds: amount(
    'Of the active endpoint that is longest behind: since the oldest version that it has not got, in seconds.',
  ),
});

const bucket = z.object({
  name: words("The bucket's name in the settings."),
  requests: z
    .object({ list: count('Listings, page by page.'), get: count('Playlists that were read.') })
    .meta({ description: 'How many requests were sent to it.' }),
  costUsd: amount("What they have cost, in US dollars, by Amazon's prices: an estimate."),
  answeredAt: orNull(moment('When it last answered.')),
  refused: orNull(
    z
      .object({ since: moment('Since when.'), what: words('The status and code of the last refusal.') })
      .meta({ description: 'That it refuses to be looked into.' }),
  ),
});

export const summarySchema = z
  .object({
    truth: truth.meta({ description: 'What is promised at the present load.' }),
    staleness: staleness.meta({ description: 'How long ago live sessions were last verified.' }),
    sessions: sessions.meta({ description: 'Sessions by state.' }),
    notices: notices.meta({ description: 'Notifications, since the ledger began.' }),
    gaps: gaps.meta({ description: 'Gaps of all sessions.' }),
    queries: queries.meta({ description: 'How much Agora is asked.' }),
    queue: queue.meta({ description: 'The queue of jobs.' }),
    refused: listOf('Accounts and apps that Agora refuses queries of.', refused),
    accounts: listOf('Whether each account and each app can be asked about.', account),
    webhooks: webhooks.meta({ description: 'How outgoing webhooks fare.' }),
    buckets: listOf('Buckets that were looked into.', bucket),
    receiver: receiver.meta({ description: 'What last came to the receivers, and what they refused.' }),
  })
  .meta({ id: 'Summary', description: 'Counts and health for a status page.' });

export type SummaryAnswer = AnswerOf<typeof summarySchema>;
