/** What a Redis says of itself, as far as a queue depends on it. */
export type RedisFacts = {
  version: string;
  isReplica: boolean;
  evictionPolicy: string;
  hasAof: boolean;
  /** Writes to its disk that failed, by the names of their fields. */
  failedWrites: readonly string[];
};

/** Of BullMQ: below the first it does not start, below the second it complains. */
const OLDEST = [5, 0] as const;
const RECOMMENDED = [6, 2] as const;

/** Reads the answer to INFO: `name:value`, one a line, under headings. */
export function readRedisFacts(info: string): RedisFacts {
  const fields = new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
  return {
    version: fields.get('redis_version') ?? 'unknown',
    isReplica: fields.get('role') === 'slave',
    evictionPolicy: fields.get('maxmemory_policy') ?? 'unknown',
    hasAof: fields.get('aof_enabled') === '1',
    failedWrites: ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
      (name) => fields.get(name) === 'err',
    ),
  };
}

/** `refused`: BullMQ does not work with it. */
export function judgeVersion(version: string): 'fine' | 'old' | 'refused' {
  if (isBelow(version, OLDEST)) return 'refused';
  return isBelow(version, RECOMMENDED) ? 'old' : 'fine';
}

function isBelow(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

export const UPGRADE_REDIS = 'use Redis 6.2 or later';
/** BullMQ's keys belong together: one that is evicted leaves a queue that stands still or runs jobs twice. */
export const DO_NOT_EVICT = 'set maxmemory-policy to noeviction: evicted keys break the queue';

/** What a person should mend there, though the queue works for now. */
export function redisWarnings({ version, evictionPolicy }: RedisFacts): string[] {
  const old = judgeVersion(version) === 'fine' ? [] : [`Redis has version ${version}: ${UPGRADE_REDIS}`];
  const evicts = `Redis has maxmemory-policy ${evictionPolicy}: ${DO_NOT_EVICT}`;
  return evictionPolicy === 'noeviction' ? old : [...old, evicts];
}
