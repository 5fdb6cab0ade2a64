import { iso } from '../../evidence/instant.js';
import type { LoggedDelivery } from '../../db/webhooks/deliveries.js';
import type { Endpoint } from '../../db/webhooks/endpoints.js';
import type { DeliveryAnswer, WebhookAnswer } from './answers/webhook-schema.js';
import { isoOrNull } from './times.js';

export function webhookResponse(endpoint: Endpoint): WebhookAnswer {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    types: endpoint.types,
    appIds: endpoint.appIds,
    state: endpoint.state,
    pausedBecause: endpoint.pausedBecause,
    problem: endpoint.problem,
    failingSince: isoOrNull(endpoint.failingSinceMs),
    deliveredAt: isoOrNull(endpoint.deliveredMs),
    createdAt: iso(endpoint.createdMs),
    updatedAt: iso(endpoint.updatedMs),
  };
}

export function deliveryResponse({ nextTryMs, atMs, ...delivery }: LoggedDelivery): DeliveryAnswer {
  return { ...delivery, nextTryAt: isoOrNull(nextTryMs), at: iso(atMs) };
}
