import { followChanges, type FollowedChange, type FollowOptions } from './follow-changes.js';
import { paged, type Paged } from './paged.js';
import { createSend, segment, type Connection } from './send.js';
import { sessionPath, sessionsOf, type Sessions } from './sessions.js';
import type {
  CallOptions,
  DeliveryQuality,
  Lease,
  LeaseRequest,
  Notice,
  PageOptions,
  Period,
  QuarantinedBody,
  QuarantinePage,
  QueryRequest,
  QueryUsage,
  Registration,
  Session,
  Summary,
} from './types.js';
import { webhooksOf, type Webhooks } from './webhooks.js';

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
  /** Loss, duplicates and delay of notifications by app and day. */
  deliveryQuality: (
    period?: Period & { appId?: string | undefined },
    options?: CallOptions,
  ) => Promise<DeliveryQuality>;
  /** Queries by hour, account and outcome. */
  queryUsage: (period?: Period & { account?: string | undefined }, options?: CallOptions) => Promise<QueryUsage>;
  /** One notification by Agora's id of it. */
  notice: (noticeId: string, options?: CallOptions) => Promise<Notice>;
  /** Signed bodies that could not be read, the newest first; `waiting`: those alone that still cannot be. */
  quarantine: (options?: PageOptions & { waiting?: boolean }) => Paged<QuarantinedBody, QuarantinePage>;
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
    deliveryQuality: (query = {}, { signal } = {}) => send({ path: '/v1/delivery-quality', query, signal }),
    queryUsage: (query = {}, { signal } = {}) => send({ path: '/v1/query-usage', query, signal }),
    notice: (noticeId, { signal } = {}) => send({ path: `/v1/notices/${segment(noticeId)}`, signal }),
    quarantine: ({ limit, cursor, waiting, signal } = {}) =>
      paged(
        cursor,
        (at) => send<QuarantinePage>({ path: '/v1/quarantine', query: { limit, cursor: at, waiting }, signal }),
        (page) => page.quarantine,
      ),
    followChanges: (options) => followChanges(send, options),
  };
}
