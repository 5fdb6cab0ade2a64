import { followChanges, type FollowedChange, type FollowOptions } from './follow-changes.js';
import { createSend, type Connection } from './send.js';
import { sessionPath, sessionsOf, type Sessions } from './sessions.js';
import { webhooksOf, type Webhooks } from './webhooks.js';
import type { CallOptions, Lease, LeaseRequest, QueryRequest, Registration, Session, Summary } from './types.js';

/** The ledger's API. What it refuses is thrown as a LedgerError; only followChanges tries again by itself. */
export type LedgerClient = {
  sessions: Sessions;
  /** May be repeated, and may come before or long after the first notification. `replace` corrects an earlier one. */
  register: (
    sid: string,
    registration: Registration,
    options?: CallOptions & { replace?: boolean },
  ) => Promise<Session>;
  /** `answer`: the body that Agora's `stop` answered, as text or parsed. */
  addStopResponse: (sid: string, answer: unknown, options?: CallOptions) => Promise<Session>;
  /** Asks for a query now, within the budget. */
  reconcile: (sid: string, options?: CallOptions) => Promise<QueryRequest>;
  /** Slots for calls of one's own. Refused with 429 or 503, `retryAfterMs` of the error says when to come again. */
  leaseBudget: (request: LeaseRequest, options?: CallOptions) => Promise<Lease>;
  webhooks: Webhooks;
  summary: (options?: CallOptions) => Promise<Summary>;
  followChanges: (options?: FollowOptions) => AsyncGenerator<FollowedChange>;
};

export function createClient(connection: Connection): LedgerClient {
  const send = createSend(connection);
  return {
    sessions: sessionsOf(send),
    register: (sid, body, { replace, signal } = {}) =>
      send({ method: 'PUT', path: sessionPath(sid), query: { replace }, body, signal }),
    addStopResponse: (sid, body, { signal } = {}) =>
      send({ method: 'POST', path: `${sessionPath(sid)}/stop-response`, body, signal }),
    reconcile: (sid, { signal } = {}) => send({ method: 'POST', path: `${sessionPath(sid)}/reconcile`, signal }),
    leaseBudget: (body, { signal } = {}) => send({ method: 'POST', path: '/v1/budget/lease', body, signal }),
    webhooks: webhooksOf(send),
    summary: ({ signal } = {}) => send({ path: '/v1/summary', signal }),
    followChanges: (options) => followChanges(send, options),
  };
}
