import type { UnixMs } from '../evidence/instant.js';
import type { HttpResponse } from './http-response.js';

/** Agora documents no such header; its gateway's defaults send one or another of these. */
const SECONDS_HEADERS = ['retry-after', 'ratelimit-reset', 'x-ratelimit-reset'];
/** A longer wait is ignored: it would stop the account. */
const LONGEST_MS = 300_000;

/**
 * How long a 429 asks to wait, or null where it does not say.
 * Ours: docs/agora.md#outcomes
 */
export function retryAfterMs({ headers, nowMs }: Omit<HttpResponse, 'body' | 'status'>): number | null {
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

/** The gateway's names of what is left in this window, of which none is documented either. */
const REMAINING_HEADERS = ['ratelimit-remaining', 'x-ratelimit-remaining-second'];
/** Windows are seconds; a longer one than this is not that of the limit. */
const LONGEST_WINDOW_MS = 5_000;

/**
 * How long until more may be asked, where an answer of any kind says that nothing is left; else null.
 * Ours: docs/agora.md#outcomes
 */
export function usedUpForMs(headers: HttpResponse['headers'], nowMs: UnixMs): number | null {
  const left = REMAINING_HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
  if (left !== '0') return null;
  return Math.min(retryAfterMs({ headers, nowMs }) ?? 1_000, LONGEST_WINDOW_MS);
}
