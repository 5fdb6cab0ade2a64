import { problemOf, type ParsedSettings, type SettingName } from './settings.js';
import type { Address } from './addresses.js';

/** Where the Redis of the job queue is, in one of the three ways in which it is run. */
export type RedisPlace =
  | { kind: 'single'; url: string }
  | { kind: 'sentinel'; sentinels: readonly Address[]; name: string; sentinelPassword: string | null }
  | { kind: 'cluster'; nodes: readonly Address[] };

export type RedisSettings = {
  place: RedisPlace;
  /** Null: those in the URL, or none. */
  username: string | null;
  password: string | null;
  /** Null: without TLS, unless the URL asks for it. `ca`: the certificates to trust; null for the public ones. */
  tls: { ca: string | null } | null;
};

/** `readFile` is how REDIS_CA_FILE is read. */
export function readRedis(
  settings: ParsedSettings,
  readFile: (name: string) => string,
  problems: string[],
): RedisSettings | null {
  const wrong = REFUSED.filter(({ when }) => when(settings));
  problems.push(...wrong.map(({ name, what }) => problemOf(name, what)));
  const place = placeOf(settings);
  if (place === null || wrong.length > 0) return null;
  const { REDIS_USERNAME: username = null, REDIS_PASSWORD: password = null, REDIS_CA_FILE: file } = settings;
  const ca = file === undefined ? null : readCa(file, readFile, problems);
  return { place, username, password, tls: isOverTls(settings) ? { ca } : null };
}

function placeOf(settings: ParsedSettings): RedisPlace | null {
  const { REDIS_URL: url, REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: name, REDIS_CLUSTER: nodes } = settings;
  const sentinelPassword = settings.REDIS_SENTINEL_PASSWORD ?? null;
  if (url !== undefined) return { kind: 'single', url };
  if (sentinels !== undefined && name !== undefined) return { kind: 'sentinel', sentinels, name, sentinelPassword };
  return nodes === undefined ? null : { kind: 'cluster', nodes };
}

type Refused = { name: SettingName; what: string; when: (settings: ParsedSettings) => boolean };

const isWithout = (settings: ParsedSettings): boolean =>
  settings.REDIS_URL === undefined && settings.REDIS_SENTINELS === undefined && settings.REDIS_CLUSTER === undefined;

const NOWHERE = 'set without REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER, one of which says where Redis is';

/** Combinations that say two things, or nothing. */
const REFUSED: readonly Refused[] = [
  {
    name: 'REDIS_SENTINELS',
    what: 'set beside REDIS_URL; only one of them says where Redis is',
    when: (it) => it.REDIS_URL !== undefined && it.REDIS_SENTINELS !== undefined,
  },
  {
    name: 'REDIS_CLUSTER',
    what: 'set beside REDIS_URL; only one of them says where Redis is',
    when: (it) => it.REDIS_URL !== undefined && it.REDIS_CLUSTER !== undefined,
  },
  {
    name: 'REDIS_CLUSTER',
    what: 'set beside REDIS_SENTINELS; only one of them says where Redis is',
    when: (it) => it.REDIS_SENTINELS !== undefined && it.REDIS_CLUSTER !== undefined,
  },
  {
    name: 'REDIS_SENTINEL_NAME',
    what: 'missing; Sentinel is asked for the master of this name',
    when: (it) => it.REDIS_SENTINELS !== undefined && it.REDIS_SENTINEL_NAME === undefined,
  },
  {
    name: 'REDIS_SENTINELS',
    what: 'missing, while REDIS_SENTINEL_NAME or REDIS_SENTINEL_PASSWORD is set',
    when: (it) =>
      it.REDIS_SENTINELS === undefined && (it.REDIS_SENTINEL_NAME ?? it.REDIS_SENTINEL_PASSWORD) !== undefined,
  },
  { name: 'REDIS_USERNAME', what: NOWHERE, when: (it) => isWithout(it) && it.REDIS_USERNAME !== undefined },
  { name: 'REDIS_PASSWORD', what: NOWHERE, when: (it) => isWithout(it) && it.REDIS_PASSWORD !== undefined },
  { name: 'REDIS_TLS', what: NOWHERE, when: (it) => isWithout(it) && it.REDIS_TLS === true },
  {
    name: 'REDIS_USERNAME',
    what: 'set beside a user or password in REDIS_URL; say them in one place',
    when: (it) => it.REDIS_USERNAME !== undefined && urlHasCredentials(it.REDIS_URL),
  },
  {
    name: 'REDIS_PASSWORD',
    what: 'set beside a user or password in REDIS_URL; say them in one place',
    when: (it) => it.REDIS_PASSWORD !== undefined && urlHasCredentials(it.REDIS_URL),
  },
  {
    name: 'REDIS_USERNAME',
    what: 'set without REDIS_PASSWORD, which a user has',
    when: (it) =>
      it.REDIS_USERNAME !== undefined && it.REDIS_PASSWORD === undefined && !urlHasCredentials(it.REDIS_URL),
  },
  {
    name: 'REDIS_TLS',
    what: 'off, while REDIS_CA_FILE says whom to trust; set it to on, or write rediss:// in REDIS_URL',
    when: (it) => it.REDIS_CA_FILE !== undefined && !isOverTls(it),
  },
];

function urlHasCredentials(url: string | undefined): boolean {
  if (url === undefined) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

function isOverTls({ REDIS_TLS, REDIS_URL }: ParsedSettings): boolean {
  return REDIS_TLS === true || REDIS_URL?.startsWith('rediss:') === true;
}

function readCa(file: string, readFile: (name: string) => string, problems: string[]): string | null {
  try {
    const text = readFile(file);
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    problems.push(problemOf('REDIS_CA_FILE', 'holds no certificate in PEM form'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push(problemOf('REDIS_CA_FILE', `cannot be read (${why})`));
  }
  return null;
}
