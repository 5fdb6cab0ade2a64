import { Router } from 'express';
import { z } from 'zod';
import { notFound, ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { parse, storableText } from './parse-request.js';
import { iso } from './times.js';

/** More at a time would reserve seconds of everybody's budget for one caller. */
const MOST_SLOTS = 10;

const leaseBody = z.object({
  appId: storableText.min(1),
  count: z.number().int().min(1).max(MOST_SLOTS).default(1),
});

/** For those who call `start` and `stop`: slots out of the budget that queries are paid from. */
export function budgetRoutes({ writes }: ApiContext): Router {
  const router = Router();
  router.post('/budget/lease', async (request, response) => {
    const { appId, count } = parse(leaseBody, request.body, 'body');
    const lease = await writes.leaseBudget(appId, count);
    if (lease.kind === 'unknown_app') throw notFound(`App ${appId} is not configured.`);
    if (lease.kind === 'paused') {
      response.set('Retry-After', String(Math.ceil(lease.waitMs / 1000)));
      throw new ProblemError({ status: 503, title: 'The account is paused', detail: `Agora cannot be asked now (${lease.reason}).` }); // prettier-ignore
    }
    const slots = lease.slots.map(({ atMs, waitMs }) => ({ at: iso(atMs), waitMs }));
    response.json({ account: lease.account, slots });
  });
  return router;
}
