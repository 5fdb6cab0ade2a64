import { Agent, type Dispatcher } from 'undici';
import { leaving, SendDeadlineError } from './moment-of-leaving.js';

/** One request as it is to be sent: the path as it came, percent-encoding untouched, and headers in their order. */
export type OutgoingCall = {
  method: string;
  path: string;
  /** Names and values in turn. */
  headers: readonly string[];
  body: Buffer;
};

export type SentCall =
  | {
      kind: 'answered';
      status: number;
      statusText: string;
      headers: readonly string[];
      body: Dispatcher.ResponseData['body'];
    }
  /** Nothing was written: no server is listening, no such name, no connection in time, or too late to send. */
  | { kind: 'never_left' }
  /** It was written, and the connection broke before an answer came. */
  | { kind: 'broken' }
  | { kind: 'timed_out' };

export type CallClient = {
  /** Sends it once, and not after `leaveBy` (of performance.now()). It is never sent again. */
  send: (baseUrl: string, call: OutgoingCall, leaveBy: number) => Promise<SentCall>;
  close: () => Promise<void>;
};

/** How long opening a connection may take: the next base URL is tried after that. */
const CONNECT_MS = 10_000;

/**
 * Sends calls of others to Agora, one HTTP request each. Every failure that is to be expected is an outcome.
 * Ours: docs/decisions/039-passed-on-calls-hold-slots.md
 */
export function createCallClient(timeoutMs: number): CallClient {
  const agent = new Agent({ connect: { timeout: Math.min(CONNECT_MS, timeoutMs) }, connections: null, pipelining: 1 });
  return {
    send: (baseUrl, call, leaveBy) => send(agent, baseUrl, call, { leaveBy, timeoutMs }),
    close: () => agent.destroy(),
  };
}

async function send(
  agent: Agent,
  baseUrl: string,
  { method, path, headers, body }: OutgoingCall,
  { leaveBy, timeoutMs }: { leaveBy: number; timeoutMs: number },
): Promise<SentCall> {
  const sent = { hasLeft: false };
  const watched = leaving({
    mayLeave: () => performance.now() < leaveBy,
    onLeft: () => {
      sent.hasLeft = true;
    },
  });
  const { origin, pathname } = new URL(baseUrl);
  try {
    const response = await agent.compose(watched).request({
      origin,
      method,
      path: `${pathname.replace(/\/$/, '')}${path}`,
      headers: [...headers],
      body: body.length === 0 ? null : body,
      responseHeaders: 'raw',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { statusCode: status, statusText } = response;
    return { kind: 'answered', status, statusText, headers: rawHeaders(response.headers), body: response.body };
  } catch (error) {
    if (!sent.hasLeft || error instanceof SendDeadlineError) return { kind: 'never_left' };
    return { kind: isTimeout(error) ? 'timed_out' : 'broken' };
  }
}

/** With `responseHeaders: 'raw'` they come as names and values in turn, which the package's types do not say. */
function rawHeaders(headers: unknown): readonly string[] {
  return Array.isArray(headers) ? headers.map(String) : [];
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || /TimeoutError$/.test(error.name));
}
