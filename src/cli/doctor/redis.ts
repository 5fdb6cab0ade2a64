import type { Redis } from 'ioredis';
import type { RedisSettings } from '../../config/redis-settings.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { connectToRedis, mastersOf, type RedisConnection } from '../../jobs/redis-connections.js';
import { DO_NOT_EVICT, judgeVersion, readRedisFacts, UPGRADE_REDIS, type RedisFacts } from '../../jobs/redis-facts.js';
import { within } from '../../timing/within.js';
import { failed, fine, warning, type Check } from './check.js';

const ANSWER_MS = 5_000;

/** Of a Cluster, all its masters. */
export async function checkRedis(settings: RedisSettings): Promise<Check[]> {
  const connection = connectToRedis(settings, { isPatient: true, silentMs: ANSWER_MS });
  const refused = new Promise<never>((_resolve, reject) => connection.on('error', reject));
  const checks: Check[] = [];
  const look = async (): Promise<void> => {
    checks.push(...(await examineServers(settings, connection)));
  };
  try {
    if ((await within(ANSWER_MS, Promise.race([look(), refused]))) === 'late') throw new Error('no answer within 5 s');
    return checks;
  } catch (error) {
    const reason = reasonOf(causeOf(error));
    return [failed('Redis', `does not let us in (${reason})`, adviceOn(reason, settings))];
  } finally {
    connection.disconnect();
  }
}

/** A Cluster of which no node could be asked says so, and has what the last one said beside it. */
function causeOf(error: unknown): unknown {
  const { lastNodeError } = error as { lastNodeError?: unknown };
  return lastNodeError ?? error;
}

async function examineServers({ place }: RedisSettings, connection: RedisConnection): Promise<Check[]> {
  await connection.ping();
  const checks: Check[] = [];
  for (const master of mastersOf(connection)) {
    const { host = '', port = 0 } = master.options;
    const of = place.kind === 'cluster' ? `Redis at ${host}:${String(port)}` : 'Redis';
    const facts = readRedisFacts(await master.info());
    checks.push(checkServer(of, facts), checkEviction(of, facts), checkPersistence(of, facts, await readSave(master)));
  }
  return checks;
}

/** After how many changes it writes a snapshot; empty for never, null where it does not tell, as managed ones do. */
async function readSave(redis: Redis): Promise<string | null> {
  const told: unknown = await redis.config('GET', 'save').catch(() => null);
  return Array.isArray(told) && typeof told[1] === 'string' ? told[1] : null;
}

function checkServer(of: string, { version, isReplica }: RedisFacts): Check {
  const found = `version ${version}`;
  if (isReplica) return failed(of, `${found}, a replica`, 'point REDIS_URL at the primary: a queue needs writes');
  const judged = judgeVersion(version);
  if (judged === 'fine') return fine(of, found);
  return judged === 'refused' ? failed(of, found, UPGRADE_REDIS) : warning(of, found, UPGRADE_REDIS);
}

function checkEviction(of: string, { evictionPolicy }: RedisFacts): Check {
  const found = `maxmemory-policy ${evictionPolicy}`;
  if (evictionPolicy === 'noeviction') return fine(`${of}, eviction`, found);
  return failed(`${of}, eviction`, found, DO_NOT_EVICT);
}

/** None is fine, for all there is to do stands in Postgres; one that fails makes Redis refuse to write. */
function checkPersistence(of: string, { hasAof, failedWrites }: RedisFacts, save: string | null): Check {
  const check = `${of}, persistence`;
  if (failedWrites.length > 0) {
    return failed(
      check,
      `${failedWrites.join(', ')}: err`,
      'check the disk and the folder of Redis: it may refuse writes until they are fixed',
    );
  }
  const snapshots = save === null ? 'unknown' : save === '' ? 'none' : 'snapshots (RDB)';
  return fine(check, `${hasAof ? 'a log of all writes (AOF)' : snapshots}; lost jobs are found again in Postgres`);
}

/** The setting that says where it is. */
const NAMED = { single: 'REDIS_URL', sentinel: 'REDIS_SENTINELS', cluster: 'REDIS_CLUSTER' } as const;

function adviceOn(reason: string, { place }: RedisSettings): string {
  const named = NAMED[place.kind];
  if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(reason)) {
    return `check user and password in ${place.kind === 'single' ? 'REDIS_URL, or ' : ''}REDIS_USERNAME and REDIS_PASSWORD`;
  }
  if (/certificate|SSL|TLS/i.test(reason)) {
    const how = place.kind === 'single' ? 'redis:// is without TLS, rediss:// with TLS' : 'REDIS_TLS switches TLS on';
    return `the TLS connection fails: ${how}; REDIS_CA_FILE names certificates of your own`;
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return `the host in ${named} cannot be resolved: correct it`;
  if (/No such master|invalid reply/i.test(reason)) return 'the Sentinels do not know REDIS_SENTINEL_NAME: correct it';
  return `start Redis, open the firewall, or correct ${named}`;
}
