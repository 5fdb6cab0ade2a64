import { paged, type Paged } from './paged.js';
import { segment, type Send } from './send.js';
import type {
  CallOptions,
  Delivery,
  DeliveryFilters,
  DeliveryPage,
  NewWebhook,
  PageOptions,
  Redrive,
  Webhook,
  WebhookChanges,
  WebhookPage,
  WebhookWithSecret,
} from './types.js';

/** Endpoints of outgoing webhooks. */
export type Webhooks = {
  /** The secret is in this answer and in no other. */
  create: (wanted: NewWebhook, options?: CallOptions) => Promise<WebhookWithSecret>;
  get: (id: string, options?: CallOptions) => Promise<Webhook>;
  /** The oldest first. */
  list: (options?: PageOptions) => Paged<Webhook, WebhookPage>;
  /** What is left out stays. */
  change: (id: string, changes: WebhookChanges, options?: CallOptions) => Promise<Webhook>;
  remove: (id: string, options?: CallOptions) => Promise<void>;
  /** For 24 hours the secret before it signs too. */
  rotateSecret: (id: string, options?: CallOptions) => Promise<WebhookWithSecret>;
  pause: (id: string, options?: CallOptions) => Promise<Webhook>;
  resume: (id: string, options?: CallOptions) => Promise<Webhook>;
  sendTest: (id: string, options?: CallOptions) => Promise<Delivery>;
  /** The newest first. */
  deliveries: (id: string, options?: DeliveryFilters & CallOptions) => Paged<Delivery, DeliveryPage>;
  /** `from`: a cursor of the feed or an instant; left out: what is parked. */
  redrive: (id: string, from?: string | Date, options?: CallOptions) => Promise<Redrive>;
};

export function webhooksOf(send: Send): Webhooks {
  const post =
    <T>(action: string) =>
    (id: string, { signal }: CallOptions = {}): Promise<T> =>
      send({ method: 'POST', path: `${webhookPath(id)}/${action}`, signal });
  return {
    create: (body, { signal } = {}) => send({ method: 'POST', path: '/v1/webhooks', body, signal }),
    get: (id, { signal } = {}) => send({ path: webhookPath(id), signal }),
    list: ({ limit, cursor, signal } = {}) =>
      paged(
        cursor,
        (at) => send<WebhookPage>({ path: '/v1/webhooks', query: { limit, cursor: at }, signal }),
        (page) => page.webhooks,
      ),
    change: (id, body, { signal } = {}) => send({ method: 'PATCH', path: webhookPath(id), body, signal }),
    remove: (id, { signal } = {}) => send({ method: 'DELETE', path: webhookPath(id), signal }),
    rotateSecret: post('rotate-secret'),
    pause: post('pause'),
    resume: post('resume'),
    sendTest: post('test'),
    deliveries: (id, { cursor, signal, ...filters } = {}) =>
      paged(
        cursor,
        (at) =>
          send<DeliveryPage>({ path: `${webhookPath(id)}/deliveries`, query: { ...filters, cursor: at }, signal }),
        (page) => page.deliveries,
      ),
    redrive: (id, from, { signal } = {}) => {
      const body = { from: from instanceof Date ? from.toISOString() : from };
      return send({ method: 'POST', path: `${webhookPath(id)}/redrive`, body, signal });
    },
  };
}

function webhookPath(id: string): string {
  return `/v1/webhooks/${segment(id)}`;
}
