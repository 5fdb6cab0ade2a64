import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Db } from '../db/connection/database.js';
import {
  findCursorAt,
  insertNotice,
  redriveFrom,
  redriveParked,
  type LoggedDelivery,
} from '../db/webhooks/deliveries.js';
import {
  changeEndpoint,
  changing,
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  replaceSecret,
  setEndpointState,
  type Endpoint,
  type EndpointChanges,
} from '../db/webhooks/endpoints.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { AllowedHosts } from './allowed-hosts.js';
import { complaintAboutHost, systemResolve, type Resolve } from './check-address.js';
import { prepareKeys, type KeySettings } from './key-ring.js';
import { isSecret, makeSecret } from './signature.js';
import { testNotice } from './notices.js';

/** Why something is not done: the URL or the secret is refused, or secrets cannot be kept. */
export type Refusal = { kind: 'refused' | 'no_key'; why: string };
export type WithSecret = { kind: 'done'; endpoint: Endpoint; secret: string };
export type WantedEndpoint = Pick<Endpoint, 'url' | 'description' | 'types' | 'appIds'> & { secret: string | null };

/** What people and other services do with endpoints. Null: there is no such endpoint. */
export type ManageEndpoints = {
  create: (wanted: WantedEndpoint) => Promise<WithSecret | Refusal>;
  change: (id: string, changes: EndpointChanges) => Promise<Endpoint | Refusal | null>;
  remove: (id: string) => Promise<boolean>;
  rotateSecret: (id: string) => Promise<WithSecret | Refusal | null>;
  setState: (id: string, state: Endpoint['state']) => Promise<Endpoint | null>;
  sendTest: (id: string) => Promise<LoggedDelivery | null>;
  /** Returns how many go out again of those that are parked; null for all from a cursor on. */
  redrive: (id: string, from: RedriveFrom | null) => Promise<{ deliveries: number | null; from: string | null } | null>;
};

export type RedriveFrom = { cursor: bigint } | { atMs: UnixMs };

export type ManageContext = {
  db: Db;
  now: () => UnixMs;
  log: Logger;
  allowed: AllowedHosts;
  settings: KeySettings;
  /** Wakes whoever sends. */
  wake: () => void;
  resolve?: Resolve;
};

/** For so long the secret before the present one signs too. */
const BOTH_SIGN_MS = 24 * 3_600_000;

export function manageEndpoints(context: ManageContext): ManageEndpoints {
  const { db, now, wake } = context;
  const woken = <T>(result: T): T => {
    wake();
    return result;
  };
  return {
    create: (wanted) => create(context, wanted),
    change: async (id, changes) => {
      const refusal = changes.url === undefined ? null : await refusalOf(context, changes.url);
      return refusal ?? woken(await changeEndpoint(db, id, changes, now()));
    },
    remove: (id) => deleteEndpoint(db, id),
    rotateSecret: (id) => rotateSecret(context, id),
    setState: async (id, state) => woken(await setEndpointState(db, id, state, now())),
    sendTest: async (id) => {
      const atMs = now();
      return woken(await changing(db, (tx) => insertNotice(tx, id, testNotice(id, atMs), atMs)));
    },
    redrive: async (id, from) => {
      if (from === null) {
        const deliveries = await redriveParked(db, id, now());
        return deliveries === null ? null : woken({ deliveries, from: null });
      }
      const cursor = 'cursor' in from ? from.cursor : await findCursorAt(db.pool, from.atMs);
      const isDone = await redriveFrom(db, id, cursor);
      return isDone ? woken({ deliveries: null, from: String(cursor) }) : null;
    },
  };
}

async function create(context: ManageContext, wanted: WantedEndpoint): Promise<WithSecret | Refusal> {
  const { db, now, log } = context;
  if (wanted.secret !== null && !isSecret(wanted.secret)) {
    return { kind: 'refused', why: 'The secret must be whsec_ and the base64 of 24 to 64 bytes.' };
  }
  const refusal = await refusalOf(context, wanted.url);
  if (refusal !== null) return refusal;
  const found = await prepareKeys(context);
  if (!found.ok) return { kind: 'no_key', why: found.why };
  const secret = wanted.secret ?? makeSecret();
  const id = `ep_${randomBytes(12).toString('hex')}`;
  const endpoint = await insertEndpoint(db, { ...wanted, id, secret: found.keys.encrypt(secret) }, now());
  log.info({ endpoint: id, host: new URL(endpoint.url).host }, 'webhook.created');
  return { kind: 'done', endpoint, secret };
}

async function rotateSecret(context: ManageContext, id: string): Promise<WithSecret | Refusal | null> {
  const { db, now } = context;
  if ((await findEndpoint(db.pool, id)) === null) return null;
  const found = await prepareKeys(context);
  if (!found.ok) return { kind: 'no_key', why: found.why };
  const secret = makeSecret();
  const untilMs = plusMs(now(), BOTH_SIGN_MS);
  const endpoint = await replaceSecret(db, id, found.keys.encrypt(secret), untilMs, now());
  return endpoint === null ? null : { kind: 'done', endpoint, secret };
}

async function refusalOf({ allowed, resolve = systemResolve }: ManageContext, url: string): Promise<Refusal | null> {
  const why = await complaintAboutHost(new URL(url), allowed, within(resolve));
  return why === null ? null : { kind: 'refused', why };
}

const RESOLVE_WITHIN_MS = 3_000;

/** A server of names that does not answer keeps nobody waiting: each try resolves the name again. */
function within(resolve: Resolve): Resolve {
  return async (host) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_done, reject) => {
      timer = setTimeout(() => reject(new Error(`no address of ${host} in time`)), RESOLVE_WITHIN_MS);
    });
    return Promise.race([resolve(host), late]).finally(() => clearTimeout(timer));
  };
}
