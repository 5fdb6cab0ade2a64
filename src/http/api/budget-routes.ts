import { iso } from '../../evidence/instant.js';
import { z } from 'zod';
import { notFound, ProblemError } from '../problem.js';
import { count, listOf, moment, words } from './answers/fields.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { storableText } from './parse-request.js';

const route = routesFor<ServedContext>();

/** More at a time would give one caller the whole budget. */
const MOST_SLOTS = 10;

const leaseBody = z
  .object({
    appId: storableText.min(1).meta({ description: 'The app that is to be called for.' }),
    count: z
      .number()
      .int()
      .min(1)
      .max(MOST_SLOTS)
      .default(1)
      .meta({ description: 'How many calls are to be made.', default: 1 }),
    forMs: z.number().int().min(100).max(60_000).default(2_000).meta({
      description:
        'Within how many milliseconds of its moment a call leaves and is answered; its slot is held until a second later.',
      default: 2_000,
    }),
  })
  .meta({ id: 'LeaseRequest', description: 'Calls that somebody else wants to make.' });

const leaseSchema = z
  .object({
    account: words('The account that pays.'),
    slots: listOf(
      'One for each call that may be made.',
      z.object({
        at: moment('The moment of the call, by the clock of the ledger.'),
        waitMs: count('How long to wait for it from now, in milliseconds.'),
      }),
    ),
    forMs: count('Within how many milliseconds of its moment a call leaves and is answered.'),
  })
  .meta({ id: 'Lease', description: 'Slots of the budget that queries are paid from.' });

const leaseBudget = route({
  method: 'post',
  path: '/v1/budget/lease',
  id: 'leaseBudget',
  tag: 'budget',
  role: 'write',
  summary: 'Slots for own calls',
  description:
    "For those who call `start` and `stop` of Agora's REST API themselves: slots out of the budget that queries are paid from. Each allows one call.",
  body: leaseBody,
  answers: { 200: { description: 'Leased.', schema: leaseSchema } },
  problems: {
    404: 'The app is not configured.',
    429: 'Leases hold all that queries, or other callers, leave: come again after `Retry-After` seconds.',
    503: 'Agora cannot be asked now, or the ledger cannot be reached: come again after `Retry-After` seconds.',
  },
  handle: async ({ writes }, { body: { appId, count, forMs }, caller }, response) => {
    const lease = await writes.leaseBudget({ appId, count, forMs, caller });
    if (lease.kind === 'unknown_app') throw notFound(`App ${appId} is not configured.`);
    if (lease.kind !== 'leased') response.set('Retry-After', String(Math.ceil(lease.waitMs / 1000)));
    if (lease.kind === 'full') {
      throw new ProblemError({
        status: 429,
        title: 'No slot is left to lease',
        detail: 'Leases already hold all slots that queries and other callers leave. Try again when a lease ends.',
      });
    }
    if (lease.kind === 'paused') {
      throw new ProblemError({
        status: 503,
        title: 'The account is paused',
        detail: `Agora cannot be asked now (${lease.reason}).`,
      });
    }
    const slots = lease.slots.map(({ atMs, waitMs }) => ({ at: iso(atMs), waitMs }));
    return { status: 200, body: { account: lease.account, slots, forMs } };
  },
});

export const budgetRoutes = [leaseBudget];
