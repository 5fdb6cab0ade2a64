import { z } from 'zod';
import { SESSION_EVENTS } from '../../sessions/views/webhook-events.js';
import { WIRE } from './openapi/json-schemas.js';
import { instantText, storableText, cursorText } from './parse-request.js';

/** What is not about a session: that another endpoint keeps failing, and tests, which nobody chooses. */
export const WEBHOOK_TYPES = [...SESSION_EVENTS, 'endpoint.failing', 'webhook.test'] as const;

const MOST = 100;

const url = storableText
  .refine((text) => URL.canParse(text), 'must be a URL')
  .meta({ description: 'Where deliveries are posted to; https, unless WEBHOOK_ALLOWED_HOSTS has its host.' });
const description = storableText.nullish().meta({ description: 'What it is for.' });
const types = z
  .array(z.enum(WEBHOOK_TYPES))
  .min(1)
  .max(MOST)
  .nullish()
  .meta({ description: 'The types that it wants; all where it is left out or null.' });
const appIds = z
  .array(storableText.min(1))
  .min(1)
  .max(MOST)
  .nullish()
  .meta({ description: 'The apps whose sessions it wants; all where it is left out or null.' });

export const newWebhook = z
  .object({
    url,
    description,
    types,
    appIds,
    secret: storableText
      .nullish()
      .meta({ description: 'A secret of your own: `whsec_` and the base64 of 24 to 64 bytes. Else one is made.' }),
  })
  .meta({ id: 'NewWebhook', description: 'An endpoint that is wanted.' });

export const webhookChanges = z
  .object({ url: url.optional(), description, types, appIds })
  .meta({ id: 'WebhookChanges', description: 'What is to change of an endpoint; what is left out stays.' });

/** As JSON has it, a cursor may be a number too. */
const fromCursor = z
  .union([cursorText, z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)])
  .transform((from) => {
    return { cursor: BigInt(from) };
  });
const fromInstant = instantText.transform((atMs) => ({ atMs }));

export const redriveBody = z
  .object({
    from: z
      .union([fromCursor, fromInstant], 'must be a cursor of the feed or an instant')
      .nullish()
      .meta({
        description: 'A cursor of the feed or an instant: everything from there on goes out. Left out: what is parked.',
        [WIRE]: { type: ['string', 'integer', 'null'] },
      }),
  })
  .meta({ id: 'RedriveRequest', description: 'What is to go out again.' });
