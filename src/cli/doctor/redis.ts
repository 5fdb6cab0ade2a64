import { Redis } from 'ioredis';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { failed, fine, warning, type Check } from './check.js';

const CONNECT_MS = 5_000;
/** Of BullMQ: below the first it does not start, below the second it complains. */
const OLDEST = [5, 0] as const;
const RECOMMENDED = [6, 2] as const;

export async function checkRedis(url: string): Promise<Check[]> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // What is thrown by `connect` says only that the connection is closed.
  let heard: unknown = null;
  redis.on('error', (error) => (heard ??= error));
  try {
    await redis.connect();
    const fields = fieldsOf(await redis.info());
    return [checkServer(fields), checkEviction(fields), checkPersistence(fields, await readSave(redis))];
  } catch (error) {
    const reason = reasonOf(heard ?? error);
    return [failed('Redis', `does not let us in (${reason})`, adviceOn(reason))];
  } finally {
    redis.disconnect();
  }
}

type Fields = ReadonlyMap<string, string>;

/** `name:value`, one a line, under headings. */
function fieldsOf(info: string): Fields {
  return new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** After how many changes it writes a snapshot; empty for never, null where it does not tell, as managed ones do. */
async function readSave(redis: Redis): Promise<string | null> {
  const told: unknown = await redis.config('GET', 'save').catch(() => null);
  return Array.isArray(told) && typeof told[1] === 'string' ? told[1] : null;
}

function checkServer(fields: Fields): Check {
  const version = fields.get('redis_version') ?? 'unknown';
  const found = `version ${version}`;
  if (fields.get('role') === 'slave') {
    return failed('Redis', `${found}, a replica`, 'point REDIS_URL at the primary: a queue needs writes');
  }
  if (isBelow(version, OLDEST)) return failed('Redis', found, 'use Redis 6.2 or later');
  return isBelow(version, RECOMMENDED) ? warning('Redis', found, 'use Redis 6.2 or later') : fine('Redis', found);
}

function isBelow(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

/** BullMQ's keys belong together: one that is evicted leaves a queue that stands still or runs jobs twice. */
function checkEviction(fields: Fields): Check {
  const check = 'Redis, eviction';
  const policy = fields.get('maxmemory_policy') ?? 'unknown';
  const found = `maxmemory-policy ${policy}`;
  if (policy === 'noeviction') return fine(check, found);
  return failed(check, found, 'set maxmemory-policy to noeviction: evicted keys break the queue');
}

/** None is fine, for all there is to do stands in Postgres; one that fails makes Redis refuse to write. */
function checkPersistence(fields: Fields, save: string | null): Check {
  const check = 'Redis, persistence';
  const aof = fields.get('aof_enabled') === '1';
  const failing = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (name) => fields.get(name) === 'err',
  );
  if (failing.length > 0) {
    return failed(
      check,
      `${failing.join(', ')}: err`,
      'check the disk and the folder of Redis: it may refuse writes until they are fixed',
    );
  }
  const snapshots = save === null ? 'unknown' : save === '' ? 'none' : 'snapshots (RDB)';
  return fine(check, `${aof ? 'a log of all writes (AOF)' : snapshots}; lost jobs are found again in Postgres`);
}

function adviceOn(reason: string): string {
  if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(reason)) return 'check user and password in REDIS_URL';
  if (/certificate|SSL|TLS/i.test(reason))
    return 'the TLS connection fails: redis:// is without TLS, rediss:// with TLS';
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return 'the host in REDIS_URL cannot be resolved: correct it';
  return 'start Redis, open the firewall, or correct REDIS_URL';
}
