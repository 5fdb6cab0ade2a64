import { Router } from 'express';
import { z } from 'zod';
import { notFound, ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { callerOf } from './authorize.js';
import { parse, storableText } from './parse-request.js';
import { iso } from './times.js';

/** More at a time would give one caller the whole budget. */
const MOST_SLOTS = 10;

const leaseBody = z.object({
  appId: storableText.min(1),
  count: z.number().int().min(1).max(MOST_SLOTS).default(1),
  /** The time from its slot's moment within which a call is sent and answered; the slot is held for a second more. */
  forMs: z.number().int().min(100).max(60_000).default(2_000),
});

/** For services that call `start` and `stop`: slots from the same budget as queries. */
export function budgetRoutes({ writes }: ApiContext): Router {
  const router = Router();
  router.post('/budget/lease', async (request, response) => {
    const { appId, count, forMs } = parse(leaseBody, request.body, 'body');
    const lease = await writes.leaseBudget({ appId, count, forMs, caller: callerOf(response) });
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
    response.json({ account: lease.account, slots, forMs });
  });
  return router;
}
