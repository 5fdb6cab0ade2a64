import { Agent, request } from 'undici';
import type { UnixMs } from '../evidence/instant.js';
import type { QueryOutcome } from '../evidence/observation.js';
import { createHostRotation } from './host-rotation.js';
import { outcomeOfResponse } from './outcome-of-response.js';
import { usedUpForMs } from './retry-after.js';

export type QueryTarget = {
  customerId: string;
  customerSecret: string;
  appId: string;
  resourceId: string;
  sid: string;
  mode: string;
};

/** What one query brought, with the raw response that it is read from (null where none came). */
export type QueryAnswer = {
  askedMs: UnixMs;
  answeredMs: UnixMs;
  outcome: QueryOutcome;
  httpStatus: number | null;
  body: string | null;
  /** How long until more may be asked, where the answer says that this window is used up. */
  usedUpForMs: number | null;
};

export type QueryClient = {
  /** `unreachable`: every base URL is left alone for a while, and nothing was asked. */
  query: (target: QueryTarget) => Promise<QueryAnswer | 'unreachable'>;
  /** How long nothing can be asked; 0 where something can. */
  unreachableForMs: () => number;
  close: () => Promise<void>;
};

export type QueryClientOptions = {
  /** Tried in order: a later one while an earlier one fails. */
  baseUrls: readonly [string, ...string[]];
  timeoutMs: number;
  now: () => UnixMs;
};

/** Larger than any answer; a body beyond it is not one. */
const LARGEST_BODY = 1_000_000;

/**
 * Asks `query`, one HTTP request a call: the pace counts requests, so nothing is retried in here.
 * Every failure that is to be expected is an outcome; nothing is thrown for one.
 * @see docs/agora.md#outcomes
 */
export function createQueryClient({ baseUrls, timeoutMs, now }: QueryClientOptions): QueryClient {
  const hosts = createHostRotation<QueryAnswer>(baseUrls, ({ outcome }) => outcome.kind === 'unavailable'); // prettier-ignore
  const dispatcher = new Agent({ connect: { timeout: timeoutMs }, connections: 64 });
  return {
    query: async (target) => {
      const wrong = wrongPart(target);
      if (wrong !== null) return refusedHere(wrong, now());
      const answer = await hosts.ask(async (baseUrl) => {
        const askedMs = now();
        const reply = await ask(baseUrl, target, dispatcher, timeoutMs, now);
        return { askedMs, answeredMs: now(), ...reply };
      });
      return answer === 'none' ? 'unreachable' : answer;
    },
    unreachableForMs: () => hosts.closedForMs(),
    close: () => dispatcher.close(),
  };
}

type Reply = Omit<QueryAnswer, 'askedMs' | 'answeredMs'>;

async function ask(
  baseUrl: string,
  target: QueryTarget,
  dispatcher: Agent,
  timeoutMs: number,
  now: () => UnixMs,
): Promise<Reply> {
  try {
    const response = await request(addressOf(baseUrl, target), {
      dispatcher,
      headers: {
        authorization: `Basic ${Buffer.from(`${target.customerId}:${target.customerSecret}`).toString('base64')}`,
        accept: 'application/json',
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await readBody(response.body);
    const { statusCode: status, headers } = response;
    const outcome = outcomeOfResponse({ status, headers, body, nowMs: now() });
    return { outcome, httpStatus: status, body, usedUpForMs: usedUpForMs(headers, now()) };
  } catch (error) {
    return {
      outcome: { kind: 'unavailable', reason: reasonOf(error) },
      httpStatus: null,
      body: null,
      usedUpForMs: null,
    };
  }
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error('the answer is too large to be one of Agora');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').replaceAll('\u0000', '\ufffd');
}

function addressOf(baseUrl: string, { appId, resourceId, sid, mode }: QueryTarget): string {
  const part = encodeURIComponent;
  return `${baseUrl.replace(/\/$/, '')}/v1/apps/${part(appId)}/cloud_recording/resourceid/${part(resourceId)}/sid/${part(sid)}/mode/${part(mode)}/query`;
}

/**
 * `.` and `..` are not parts of a path but ways through it, also percent-encoded: they would lead to
 * another address, with the account's credentials. Encoding leaves them as they are.
 */
function wrongPart({ appId, resourceId, sid, mode }: QueryTarget): string | null {
  return [appId, resourceId, sid, mode].find((part) => /^\.{0,2}$/.test(part)) ?? null;
}

/** What Agora would say of such an address if it could be sent: parameters that are wrong. */
function refusedHere(part: string, atMs: UnixMs): QueryAnswer {
  const reason = `not asked: "${part}" is no part of an address`;
  const outcome = { kind: 'bad_request', code: null, reason } as const;
  const body = JSON.stringify({ reason });
  return { askedMs: atMs, answeredMs: atMs, outcome, httpStatus: 400, body, usedUpForMs: null };
}

const TIMEOUTS: readonly unknown[] = [
  'TimeoutError',
  'ConnectTimeoutError',
  'HeadersTimeoutError',
  'BodyTimeoutError',
];

function reasonOf(error: unknown): 'timeout' | 'network' {
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : null;
  return TIMEOUTS.includes(name) ? 'timeout' : 'network';
}
