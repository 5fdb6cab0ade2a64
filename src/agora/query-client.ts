import { Agent, request } from 'undici';
import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { QueryOutcome } from '../evidence/observation.js';
import type { QueryEnd } from './host-breaker.js';
import { createHostRotation, type Permit } from './host-rotation.js';
import type { HttpResponse } from './http-response.js';
import { leaving, SendDeadlineError } from './moment-of-leaving.js';
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

/** The result of one query, with the raw response (null if none came). */
export type QueryAnswer = {
  /** Moments of the monotonic clock, so that the duration does not depend on changes of the wall clock. */
  askedAt: number;
  answeredAt: number;
  outcome: QueryOutcome;
  httpStatus: number | null;
  body: string | null;
  /** Whether it was sent, and how that ended. */
  wire: WireEnd;
  /** How long until more may be asked, if the answer says that this window is used up. */
  usedUpForMs: number | null;
  /** What time it is there, by the answer's `Date`, to the second; null where it names none. */
  serverTimeMs: UnixMs | null;
};

/**
 * `never_left`: nothing was written, for instance because no server was listening; `broken`: written, and the
 * connection broke before the answer was complete; `timed_out`: written, and it may still arrive.
 */
export type WireEnd = 'never_left' | 'answered' | 'broken' | 'timed_out';

export type QueryClient = {
  /** Decides before a slot is taken for a query. `unreachable`: the breakers of all base URLs are open. */
  admit: (sid: string) => Permit | 'unreachable';
  /**
   * Sends a query with a permit, and reports through it how that ended. `too_late`: it could not be sent
   * before `leaveBy` (of performance.now()), and was not.
   */
  query: (target: QueryTarget, permit: Permit, leaveBy: number) => Promise<QueryAnswer | 'too_late'>;
  /** How long until a query is possible; 0 if one is now. */
  unreachableForMs: () => number;
  close: () => Promise<void>;
};

export type QueryClientOptions = {
  /** Tried in order: a later one while an earlier one fails. */
  baseUrls: readonly [string, ...string[]];
  timeoutMs: number;
  now: () => UnixMs;
  /**
   * The monotonic clock for breakers and for the times of asking and answering; performance.now() if it is
   * left out.
   */
  monotonicMs?: () => number;
};

/** Larger than any answer, that of a session with thousands of files too; a body beyond it is not one. */
const LARGEST_BODY = 8 * 1_048_576;

/**
 * Asks `query`, one HTTP request a call: slots count requests, so nothing is retried in here, and none waits
 * for a connection: each that finds none open opens one.
 * Every failure that is to be expected is an outcome; nothing is thrown for one.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export function createQueryClient(options: QueryClientOptions): QueryClient {
  const { baseUrls, timeoutMs, now, monotonicMs = () => performance.now() } = options;
  const hosts = createHostRotation(baseUrls, monotonicMs);
  const agent = new Agent({ connect: { timeout: timeoutMs }, connections: null, pipelining: 1 });
  return {
    admit: (sid) => hosts.admit(sid),
    query: async (target, permit, leaveBy) => {
      const askedAt = monotonicMs();
      const wrong = wrongPart(target);
      const reply =
        wrong === null ? await ask(permit.baseUrl, target, agent, { timeoutMs, leaveBy, now }) : refusedHere(wrong);
      permit.done(reply === 'too_late' || wrong !== null ? 'not_asked' : endOf(reply));
      return reply === 'too_late' ? reply : { askedAt, answeredAt: monotonicMs(), ...reply };
    },
    unreachableForMs: () => hosts.closedForMs(),
    close: () => agent.close(),
  };
}

type Reply = Omit<QueryAnswer, 'askedAt' | 'answeredAt'>;

/** How the breaker of the host should count it. */
function endOf({ outcome, wire }: Reply): QueryEnd {
  if (outcome.kind !== 'unavailable') return 'answered';
  return wire === 'never_left' ? 'unreached' : 'failed';
}

type Terms = { timeoutMs: number; leaveBy: number; now: () => UnixMs };

async function ask(
  baseUrl: string,
  target: QueryTarget,
  agent: Agent,
  { timeoutMs, leaveBy, now }: Terms,
): Promise<Reply | 'too_late'> {
  const sent = { hasLeft: false };
  const watched = leaving({
    mayLeave: () => performance.now() < leaveBy,
    onLeft: () => {
      sent.hasLeft = true;
    },
  });
  try {
    const response = await request(addressOf(baseUrl, target), {
      dispatcher: agent.compose(watched),
      headers: {
        authorization: `Basic ${Buffer.from(`${target.customerId}:${target.customerSecret}`).toString('base64')}`,
        accept: 'application/json',
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await readBody(response.body);
    const { statusCode: status, headers } = response;
    const outcome = outcomeOfResponse({ status, headers, body, nowMs: now() });
    const told = { usedUpForMs: usedUpForMs(headers, now()), serverTimeMs: serverTimeMs(headers) };
    return { outcome, httpStatus: status, body, wire: 'answered', ...told };
  } catch (error) {
    const isTooLate = !sent.hasLeft && error instanceof SendDeadlineError;
    return isTooLate ? 'too_late' : withoutAnswer(error, sent);
  }
}

function withoutAnswer(error: unknown, { hasLeft }: { hasLeft: boolean }): Reply {
  const reason = reasonOf(error);
  const end = reason === 'timeout' ? 'timed_out' : 'broken';
  return {
    outcome: { kind: 'unavailable', reason },
    httpStatus: null,
    body: null,
    wire: hasLeft ? end : 'never_left',
    usedUpForMs: null,
    serverTimeMs: null,
  };
}

/** RFC 9110, 6.6.1. */
function serverTimeMs({ date }: HttpResponse['headers']): UnixMs | null {
  const ms = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? null : unixMs(ms);
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
function refusedHere(part: string): Reply {
  const reason = `not asked: "${part}" is no part of an address`;
  const outcome = { kind: 'bad_request', code: null, reason } as const;
  const body = JSON.stringify({ reason });
  return { outcome, httpStatus: 400, body, wire: 'never_left', usedUpForMs: null, serverTimeMs: null };
}

const TIMEOUTS: readonly unknown[] = ['TimeoutError', 'ConnectTimeoutError', 'HeadersTimeoutError', 'BodyTimeoutError'];

function reasonOf(error: unknown): 'timeout' | 'network' {
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : null;
  return TIMEOUTS.includes(name) ? 'timeout' : 'network';
}
