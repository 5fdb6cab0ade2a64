import { z } from 'zod';
import { DELIVERY_STATES } from '../../../db/webhooks/deliveries.js';
import type { AnswerOf } from '../openapi/route.js';
import { count, integer, listOf, moment, next, oneOf, orNull, words } from './fields.js';

const FIELDS = {
  id: words('Its id.'),
  url: words('Where deliveries are posted to.'),
  description: orNull(words('What it is for.')),
  types: orNull(listOf('The types that it wants; null for all.', words('A type.'))),
  appIds: orNull(listOf('The apps whose sessions it wants; null for all.', words('An app.'))),
  state: oneOf('While it is paused, deliveries wait.', ['active', 'paused']),
  pausedBecause: orNull(oneOf('`asked`: somebody paused it; `gone`: it answered 410.', ['asked', 'gone'])),
  problem: orNull(words('What keeps its deliveries from going out, or what could not be delivered any more.')),
  failingSince: orNull(moment('Since when no try has succeeded; null where the last one did.')),
  deliveredAt: orNull(moment('When something was last delivered.')),
  createdAt: moment('When it was made.'),
  updatedAt: moment('When it was last changed.'),
};

export const webhookSchema = z.object(FIELDS).meta({ id: 'Webhook', description: 'An endpoint of outgoing webhooks.' });

export const webhookWithSecret = z
  .object({ ...FIELDS, secret: words('What its deliveries are signed with. It is shown this once.') })
  .meta({ id: 'WebhookWithSecret', description: 'An endpoint, with the secret that was made for it.' });

export type WebhookAnswer = AnswerOf<typeof webhookSchema>;

export const webhookPage = z
  .object({ webhooks: listOf('The endpoints of this page, the oldest first.', webhookSchema), next })
  .meta({ id: 'WebhookPage', description: 'A page of endpoints.' });

const attempt = z.object({
  at: moment('When it was made.'),
  tookMs: count('How long it took, in milliseconds.'),
  status: orNull(integer('The status of the answer; null where none came.')),
  error: orNull(words('What went wrong; null where nothing did.')),
  answer: orNull(words('The first bytes of the answer.')),
});

export const deliverySchema = z
  .object({
    id: words('Its webhook-id, the same however often it is tried.'),
    type: words('What it tells.'),
    sid: orNull(words('The session; null where it is about none.')),
    cursor: orNull(words('The place in the change feed of the version that it tells.')),
    version: orNull(count('That version.')),
    state: oneOf('`waiting` for its next try, or `parked` after its last one.', DELIVERY_STATES),
    tries: count('How often it was tried.'),
    lastStatus: orNull(integer('The status of the last answer.')),
    lastError: orNull(words('What went wrong the last time.')),
    nextTryAt: orNull(moment('When it is tried next; null where that needs somebody.')),
    at: moment('When it was last tried, or made.'),
    attempts: listOf('The last tries, the oldest first.', attempt),
  })
  .meta({ id: 'Delivery', description: 'One message to one endpoint.' });

export type DeliveryAnswer = AnswerOf<typeof deliverySchema>;

export const deliveryPage = z
  .object({ deliveries: listOf('The deliveries of this page, the newest first.', deliverySchema), next })
  .meta({ id: 'DeliveryPage', description: 'A page of the delivery log.' });

export const redriveSchema = z
  .object({
    from: orNull(words('From which cursor on everything goes out again; null where what was parked does.')),
    deliveries: orNull(count('How many were parked and go out again; null where it is everything from a cursor on.')),
  })
  .meta({ id: 'Redrive', description: 'What goes out again.' });
