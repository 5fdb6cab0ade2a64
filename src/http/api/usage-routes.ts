import { z } from 'zod';
import { readDeliveryQuality } from '../../db/evidence/delivery-quality.js';
import { readUsage } from '../../db/schedule/query-usage.js';
import { DAY_MS, iso, plusMs, unixMs, type UnixMs } from '../../evidence/instant.js';
import { ProblemError } from '../problem.js';
import { count, listOf, moment, oneOf, orNull, words } from './answers/fields.js';
import { QUERY_OUTCOMES } from './answers/session-schema.js';
import type { ServedContext } from './api-context.js';
import { WIRE } from './openapi/json-schemas.js';
import { routesFor } from './openapi/route.js';
import { instantText, text } from './parse-request.js';

const route = routesFor<ServedContext>();

const HOUR_MS = 3_600_000;
const USUAL_DAYS = 30;
/** What one answer can hold: above that, reporting by SQL is the better way. */
const MOST_DAYS = 400;

/** A day, or an instant of which the day counts. */
function dayText(description: string) {
  const day = z.iso.date().transform((date) => unixMs(Date.parse(`${date}T00:00:00Z`)));
  return day
    .or(instantText)
    .optional()
    .meta({ description, [WIRE]: { type: 'string' } });
}

const period = {
  from: dayText('The first day (UTC), or an instant; 30 days before `to` where it is left out.'),
  to: dayText('The day (UTC) or instant before which it ends; all of today is included where it is left out.'),
};

type Bounds = { from?: UnixMs | undefined; to?: UnixMs | undefined };
type Period = { fromMs: UnixMs; toMs: UnixMs };

function periodOf({ from, to }: Bounds, nowMs: UnixMs, unitMs: number): Period {
  const floor = (ms: number): UnixMs => unixMs(Math.floor(ms / unitMs) * unitMs);
  const toMs = to === undefined ? unixMs((Math.floor(nowMs / DAY_MS) + 1) * DAY_MS) : floor(to);
  const fromMs = from === undefined ? plusMs(toMs, -USUAL_DAYS * DAY_MS) : floor(from);
  if (toMs - fromMs <= MOST_DAYS * DAY_MS) return { fromMs, toMs };
  throw new ProblemError({
    status: 422,
    title: 'The period is too long',
    detail: `From ${iso(fromMs)} to ${iso(toMs)} is more than ${String(MOST_DAYS)} days: ask for less, or use the views of the reporting schema.`,
  });
}

const deliveryDay = z.object({
  day: words('The day (UTC) of receipt, as YYYY-MM-DD.'),
  appId: words('The app.'),
  events: count('Distinct notifications about recordings.'),
  deliveries: count('Notifications, repeated deliveries included.'),
  duplicates: count('Repeated deliveries.'),
  late: count('Notifications received more than 10 s after they happened.'),
  lost: count('Sequence numbers that are missing, on the day on which a higher one was received.'),
});

const readQuality = route({
  method: 'get',
  path: '/v1/delivery-quality',
  id: 'readDeliveryQuality',
  tag: 'status',
  role: 'read',
  summary: 'How well notifications were delivered',
  description: 'By app and day of receipt; at most 400 days.',
  query: { ...period, appId: text('Of one app.').optional() },
  answers: {
    200: {
      description: 'The days on which something came, in order.',
      schema: z
        .object({ days: listOf('The days.', deliveryDay) })
        .meta({ id: 'DeliveryQuality', description: 'Loss, duplicates and delay by app and day.' }),
    },
  },
  problems: { 422: 'The period is longer than 400 days.' },
  handle: async ({ readOlder, now }, { query: { appId = null, ...bounds } }) => {
    const asked = { ...periodOf(bounds, now(), DAY_MS), appId };
    return { status: 200, body: { days: await readOlder(({ pool }) => readDeliveryQuality(pool, asked)) } };
  },
});

const usageHour = z.object({
  hour: moment('When the hour begins.'),
  account: words('The account whose budget was used.'),
  outcome: oneOf('What the queries brought.', QUERY_OUTCOMES),
  queries: count('How many there were.'),
  limit: orNull(count('How many the limit of the account allows in an hour; null if it is not configured here.')),
});

const readQueryUsage = route({
  method: 'get',
  path: '/v1/query-usage',
  id: 'readQueryUsage',
  tag: 'budget',
  role: 'read',
  summary: 'How the budget was used',
  description: 'Queries by hour, account and outcome; at most 400 days.',
  query: { ...period, account: text('Of one account.').optional() },
  answers: {
    200: {
      description: 'The hours in which something was asked, in order.',
      schema: z
        .object({ hours: listOf('The hours.', usageHour) })
        .meta({ id: 'QueryUsage', description: 'The use of the query budget by hour.' }),
    },
  },
  problems: { 422: 'The period is longer than 400 days.' },
  handle: async ({ readOlder, now, limits }, { query: { account = null, ...bounds } }) => {
    const asked = { ...periodOf(bounds, now(), HOUR_MS), account };
    const hours = (await readOlder(({ pool }) => readUsage(pool, asked))).map(({ hourMs, ...usage }) => {
      const perSecond = limits.get(usage.account);
      return { ...usage, hour: iso(hourMs), limit: perSecond === undefined ? null : perSecond * 3_600 };
    });
    return { status: 200, body: { hours } };
  },
});

export const usageRoutes = [readQuality, readQueryUsage];
