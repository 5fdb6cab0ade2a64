import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';
import type { AllowedHosts } from './allowed-hosts.js';
import { checkedLookup, complaintAboutUrl, systemResolve, type Resolve } from './check-address.js';
import { createDeadlines } from './deadlines.js';

/** What came of one try. `answer`: the first bytes of it, as text. */
export type Posted = { status: number | null; error: string | null; answer: string | null; tookMs: number };

export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Posted>;

export type Poster = { post: Post; close: () => Promise<void> };

export type PosterSettings = {
  allowed: AllowedHosts;
  /** Certificates beside the public ones, as PEM. */
  ca: string | null;
  resolve?: Resolve;
  /** How long one try may take, answer included. */
  withinMs?: number;
  /** Breaks off what is on its way. */
  aborted: AbortSignal;
};

const WITHIN_MS = 15_000;
/** How long the body of an answer is listened to: the status says all that counts. */
const ANSWER_WITHIN_MS = 2_000;
const ANSWER_BYTES = 16 * 1024;

/** Posts to endpoints. Follows no redirect, and reaches only what may be reached. */
export function createPoster(settings: PosterSettings): Poster {
  const { allowed, ca, resolve = systemResolve, withinMs = WITHIN_MS } = settings;
  const startDeadline = createDeadlines(withinMs, settings.aborted);
  const agent = new Agent({
    connect: {
      lookup: checkedLookup(allowed, resolve),
      timeout: withinMs,
      ...(ca === null ? {} : { ca: [...rootCertificates, ca] }),
    },
    pipelining: 1,
    headersTimeout: withinMs,
    bodyTimeout: withinMs,
    maxHeaderSize: ANSWER_BYTES,
  });
  return {
    post: async (url, headers, body) => {
      const began = performance.now();
      const told = await attempt(url, headers, body);
      return { ...told, tookMs: Math.round(performance.now() - began) };
    },
    close: () => agent.destroy(),
  };

  async function attempt(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<Omit<Posted, 'tookMs'>> {
    const complaint = complaintAboutUrl(new URL(url), allowed);
    if (complaint !== null) return { status: null, error: complaint, answer: null };
    const deadline = startDeadline();
    try {
      const { signal } = deadline;
      const response = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
      const { statusCode: status } = response;
      const answer = await firstBytes(response.body);
      return { status, error: errorOfStatus(status), answer };
    } catch (error) {
      const why = deadline.isLate() ? `no answer within ${String(withinMs / 1000)} s` : wordsOf(error);
      return { status: null, error: why, answer: null };
    } finally {
      deadline.done();
    }
  }
}

type Body = AsyncIterable<Uint8Array> & {
  destroy: (error?: Error) => unknown;
  on: (event: 'error', listener: () => void) => unknown;
};

/** As much as is kept of it. Whoever goes on sending for ever, or drips, is cut off. */
async function firstBytes(body: Body): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  body.on('error', () => undefined); // the status is known by then
  const timer = setTimeout(() => void body.destroy(), ANSWER_WITHIN_MS);
  try {
    for await (const part of body) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= ANSWER_BYTES) break;
    }
  } catch {
    // Cut off: what came until then is shown.
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  // Postgres holds no NUL.
  return Buffer.concat(parts).subarray(0, ANSWER_BYTES).toString('utf8').replaceAll('\u0000', '\uFFFD');
}

function errorOfStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `answered ${String(status)}; redirects are not followed`;
  return `answered ${String(status)}`;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return (error.message === '' ? ('code' in error ? String(error.code) : error.name) : error.message) + cause;
}
