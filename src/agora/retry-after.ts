import type { HttpResponse } from './http-response.js';

/** Agora documents no such header; its gateway's defaults send one or another of these. */
const SECONDS_HEADERS = ['retry-after', 'ratelimit-reset', 'x-ratelimit-reset'];
/** Longer than this is not believed: it would stop the account. */
const LONGEST_MS = 300_000;

/** How long a 429 asks to wait, or null where it does not say. */
export function retryAfterMs({
  headers,
  nowMs,
}: Omit<HttpResponse, 'body' | 'status'>): number | null {
  for (const name of SECONDS_HEADERS) {
    const value = headers[name];
    const waitMs = typeof value === 'string' ? waitOf(value.trim(), nowMs) : null;
    if (waitMs !== null) return Math.min(Math.max(waitMs, 0), LONGEST_MS);
  }
  return null;
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function waitOf(value: string, nowMs: number): number | null {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : atMs - nowMs;
}
