import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { within } from '../timing/within.js';

type Address = { host: string; port: number };

/** Where Redis is, and how we are let in. */
export type RedisAccess = {
  place:
    | { kind: 'single'; url: string }
    | { kind: 'sentinel'; sentinels: readonly Address[]; name: string; sentinelPassword: string | null }
    | { kind: 'cluster'; nodes: readonly Address[] };
  username: string | null;
  password: string | null;
  /** `ca`: the certificates to trust; null for the public ones. */
  tls: { ca: string | null } | null;
};

export type RedisConnection = Redis | Cluster;

/**
 * `isPatient`: a command waits until there is a connection; else it fails at once. `silentMs`: a connection is
 * given up when a command has no answer for this long.
 */
export type Manner = { isPatient: boolean; silentMs: number };

const CONNECT_MS = 3_000;
/** Sentinels and nodes that are gone or frozen are passed over for the next one after this. */
const ASK_OTHERS_AFTER_MS = 1_000;

/** Keeps a connection to whichever server is the master there. */
export function connectToRedis(access: RedisAccess, manner: Manner): RedisConnection {
  const { place } = access;
  const options = optionsOf(access, manner);
  switch (place.kind) {
    case 'single':
      return new Redis(place.url, options);
    case 'sentinel':
      return new Redis({ ...options, ...sentinelOptions(access, place) });
    case 'cluster':
      return new Cluster([...place.nodes], clusterOptions(options, manner));
  }
}

/** What the server behind a connection is asked for: all masters of a Cluster, else the one. */
export function mastersOf(connection: RedisConnection): Redis[] {
  return connection instanceof Cluster ? connection.nodes('master') : [connection];
}

function optionsOf({ username, password, tls }: RedisAccess, { isPatient, silentMs }: Manner) {
  return {
    retryStrategy: backoff,
    connectTimeout: CONNECT_MS,
    keepAlive: 10_000,
    // A frozen server goes on acknowledging TCP's own probes: only a missing answer reveals it.
    socketTimeout: silentMs,
    maxRetriesPerRequest: isPatient ? null : 1,
    enableOfflineQueue: isPatient,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls: tlsOptions(tls) }),
  } satisfies RedisOptions;
}

function tlsOptions({ ca }: { ca: string | null }): { ca?: string } {
  return ca === null ? {} : { ca };
}

function backoff(attempt: number): number {
  return Math.min(attempt * 100, 2_000);
}

function sentinelOptions(
  { tls }: RedisAccess,
  { sentinels, name, sentinelPassword }: Extract<RedisAccess['place'], { kind: 'sentinel' }>,
) {
  return {
    sentinels: [...sentinels],
    name,
    // Told of a new master, every connection leaves the old one at once, even where that is only frozen.
    failoverDetector: true,
    sentinelCommandTimeout: ASK_OTHERS_AFTER_MS,
    sentinelRetryStrategy: backoff,
    sentinelReconnectStrategy: backoff,
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(tls === null ? {} : { sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true }),
  } satisfies RedisOptions;
}

function clusterOptions(redisOptions: ReturnType<typeof optionsOf>, { isPatient }: Manner) {
  return {
    redisOptions,
    enableOfflineQueue: isPatient,
    clusterRetryStrategy: backoff,
    slotsRefreshTimeout: ASK_OTHERS_AFTER_MS,
    // Certificates are for names, which a lookup would replace by addresses.
    ...('tls' in redisOptions ? { dnsLookup: asItIs } : {}),
  } satisfies ClusterOptions;
}

function asItIs(host: string, done: (error: null, address: string) => void): void {
  done(null, host);
}

const HANG_UP_WITHIN_MS = 500;

/** A connection to a Redis that is away cannot close in an orderly way and would wait for ever. */
export async function hangUp(connection: RedisConnection): Promise<void> {
  if (connection.status === 'ready') await within(HANG_UP_WITHIN_MS, Promise.allSettled([connection.quit()]));
  connection.disconnect();
}
