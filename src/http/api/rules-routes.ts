import { z } from 'zod';
import { count, integer, listOf, orNull } from './answers/fields.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';

const route = routesFor<ServedContext>();

const rulesSchema = z
  .object({
    startCheckAfterMs: count('When after its start a session is first asked about, in milliseconds.'),
    startDeadlineMs: count('By when after its start a session has to show a sign of life, in milliseconds.'),
    goneConfirmMs: count('How long 404s have to last before they mean gone, in milliseconds.'),
    goneMarginMs: count('How much later than that the last look at an end comes, in milliseconds.'),
    routineIntervalMs: count('How often a live session is asked about while the budget allows, in milliseconds.'),
    reorderGraceMs: count('How long a missing sequence number may still be merely late, in milliseconds.'),
    retryBackoffMs: listOf(
      'The waits after queries that brought nothing, in order; the last one repeats.',
      count('A wait, in milliseconds.'),
    ),
    subscribedEvents: orNull(
      listOf(
        'The event types that the console subscribes to; null where it is all of them.',
        integer('An event type.'),
      ),
    ),
  })
  .meta({ id: 'Rules', description: 'The times by which a process judges and asks.' });

const readRules = route({
  method: 'get',
  path: '/v1/rules',
  id: 'readRules',
  tag: 'status',
  role: 'read',
  summary: 'The times that it judges by',
  description: 'The times by which this process judges and asks: whoever feeds a ledger has to fit them.',
  answers: { 200: { description: 'The times.', schema: rulesSchema } },
  handle: ({ rules }) => {
    const { startCheckAfterMs, startDeadlineMs, goneConfirmMs, goneMarginMs } = rules;
    const { routineIntervalMs, reorderGraceMs, retryBackoffMs, subscribedEvents } = rules;
    const asking = { routineIntervalMs, reorderGraceMs, retryBackoffMs, subscribedEvents };
    return { status: 200, body: { startCheckAfterMs, startDeadlineMs, goneConfirmMs, goneMarginMs, ...asking } };
  },
});

export const rulesRoutes = [readRules];
