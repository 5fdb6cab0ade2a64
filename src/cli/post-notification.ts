import { request } from 'undici';
import { signatureHeaders } from '../agora/signature.js';

/** Longer than this Agora does not wait. */
const AGORA_WAITS_MS = 10_000;

export type Posted =
  | { kind: 'answered'; status: number; body: string; tookMs: number; location: string | null }
  | { kind: 'not_answered'; why: string; error: unknown };

/** Sends a body as Agora does: signed with both signatures, and without following redirects. */
export async function postNotification(url: string, body: string, secret: string): Promise<Posted> {
  const bytes = Buffer.from(body);
  const headers = { 'content-type': 'application/json', ...signatureHeaders(bytes, secret) };
  const began = performance.now();
  try {
    const response = await request(url, {
      method: 'POST',
      headers,
      body: bytes,
      signal: AbortSignal.timeout(AGORA_WAITS_MS),
    });
    const text = await response.body.text();
    const tookMs = Math.round(performance.now() - began);
    const { location } = response.headers;
    return {
      kind: 'answered',
      status: response.statusCode,
      body: text.slice(0, 500),
      tookMs,
      location: typeof location === 'string' ? location : null,
    };
  } catch (error) {
    return { kind: 'not_answered', why: error instanceof Error ? error.message || error.name : String(error), error };
  }
}
