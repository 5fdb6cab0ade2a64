import { createHash } from 'node:crypto';
import type { UnixMs } from '../evidence/instant.js';

export const TEST_EVENT = 'webhook.test';
export const FAILING_EVENT = 'endpoint.failing';

/** A delivery that is not about a session: its webhook-id, its type and its body. */
export type Notice = { id: string; type: string; body: string };

/** The same for the same endpoint and the same subject, however often it is made. */
export function webhookId(...subject: readonly string[]): string {
  return `msg_${createHash('sha256').update(JSON.stringify(subject)).digest('base64url').slice(0, 32)}`;
}

/** To see whether an endpoint can be reached, and verifies. */
export function testNotice(endpointId: string, atMs: UnixMs): Notice {
  const data = { endpoint: endpointId, message: 'A test of this endpoint. It says nothing about any session.' };
  return noticeOf(endpointId, TEST_EVENT, `test ${String(atMs)}`, atMs, data);
}

/** Tells an endpoint that another one keeps failing. */
export function failingNotice(
  toEndpointId: string,
  failing: { id: string; url: string; sinceMs: UnixMs; why: string },
  atMs: UnixMs,
): Notice {
  const { id, url, sinceMs, why } = failing;
  const data = { endpoint: id, host: new URL(url).host, failingSince: new Date(sinceMs).toISOString(), lastError: why };
  return noticeOf(toEndpointId, FAILING_EVENT, `${id} ${String(sinceMs)}`, atMs, data);
}

function noticeOf(endpointId: string, type: string, subject: string, atMs: UnixMs, data: unknown): Notice {
  const body = JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
  return { id: webhookId(endpointId, type, subject), type, body };
}
