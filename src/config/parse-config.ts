import { readFileSync } from 'node:fs';
import path from 'node:path';
import { accountOfApp, findDuplicates, oneAppAccount, parseAccounts, type AccountConfig } from './accounts.js';
import { readBuckets, type BucketConfig } from './buckets.js';
import { readRedis, type RedisSettings } from './redis-settings.js';
import { isLoopback } from './setting-values.js';
import { problemOf, SETTINGS, type ParsedSettings, type SettingName } from './settings.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ApiKey = { name: string; role: 'read' | 'write'; key: string };

export type Role = 'receiver' | 'api' | 'jobs';

/** All settings, parsed; durations in milliseconds. */
export type Config = Readonly<{
  roles: readonly Role[];
  receiver: { host: string; port: number; maxBytes: number };
  api: { host: string; port: number; keys: readonly ApiKey[] };
  /** Null where it is switched off. `isChosen`: somebody set the port, and does not want to do without it. */
  ops: { host: string; port: number; isChosen: boolean } | null;
  databaseUrl: string | null;
  /** Past a pooler; null where there is none. */
  databaseDirectUrl: string | null;
  databaseReadUrl: string | null;
  dataDir: string;
  spoolDir: string;
  spoolMaxBytes: number;
  /** Null: the queue lives in Postgres. */
  redis: RedisSettings | null;
  accounts: readonly AccountConfig[];
  baseUrls: readonly [string, ...string[]];
  qpsShare: number;
  /** Null where Agora's API is not served. */
  passThrough: { maxWaitMs: number } | null;
  rules: {
    startCheckAfterMs: number;
    startDeadlineMs: number;
    goneConfirmMs: number;
    goneMarginMs: number;
    routineIntervalMs: number;
    reorderGraceMs: number;
    retryBackoffMs: readonly number[];
    subscribedEvents: readonly number[] | null;
    /** Whether one of the accounts has the app. */
    accountOf: (appId: string) => string | null;
    bucketCheckAfterMs: number;
    /** Of the buckets those that recordings of an app may lie in. */
    buckets: readonly Pick<BucketConfig, 'name' | 'bucket' | 'appIds' | 'prefix'>[];
  };
  buckets: { all: readonly BucketConfig[]; perSecond: number; timeoutMs: number };
  queryTimeoutMs: number;
  /** How long a live session may stay unverified before the summary warns of it. */
  truthTargetMs: number;
  /** Days; 0 keeps it for ever. */
  retention: { evidence: number; changes: number; identities: number; quarantine: number; usage: number };
  /** Where traces go, and which share of them is kept; null where none are made. */
  traces: { endpoint: string; share: number } | null;
  webhooks: {
    allowedHosts: readonly string[];
    retryScheduleMs: readonly number[];
    /** Certificates beside the public ones, as PEM. */
    ca: string | null;
    /** The newest first; empty where the key in `secretsKeyFile` is used. */
    secretsKeys: readonly string[];
    secretsKeyFile: string;
  };
  logLevel: string;
}>;

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: readonly string[] };

/**
 * Parses the environment once. Every wrong setting is a line: its name, what is wrong, an example.
 * `readFile` is how AGORA_CONFIG_FILE is read.
 */
export function parseConfig(
  environment: Environment,
  readFile: (name: string) => string = (name) => readFileSync(name, 'utf8'),
): ConfigResult {
  const problems: string[] = [];
  const settings = parseSettings(environment, problems);
  const accounts = readAccounts(settings, readFile, problems);
  const buckets = readBuckets(settings.BUCKETS_FILE, readFile, problems);
  const redis = readRedis(settings, readFile, problems);
  const webhookCa = readWebhookCa(settings, readFile, problems);
  if (!isGuarded(settings)) {
    problems.push(`API_KEYS: empty while API_HOST is not loopback; for example ${SETTINGS.API_KEYS.example}`);
  }
  problems.push(...lonelyUrls(settings));
  if (problems.length > 0) return { ok: false, problems };
  const isOpsPortChosen = isGiven(environment['OPS_PORT']);
  const read = { buckets, redis, webhookCa, isOpsPortChosen };
  return { ok: true, config: Object.freeze(assemble(settings, accounts, read)) };
}

function parseSettings(environment: Environment, problems: string[]): ParsedSettings {
  const parsed = Object.entries(SETTINGS).map(([name, setting]): [string, unknown] => {
    const given = environment[name];
    const value = isGiven(given) ? given : defaultOf(name);
    if (value === undefined) return [name, undefined];
    const result = setting.schema.safeParse(value);
    if (result.success) return [name, result.data];
    const what = result.error.issues[0]?.message ?? 'is wrong';
    problems.push(problemOf(name as SettingName, what));
    return [name, undefined];
  });
  return Object.fromEntries(parsed) as ParsedSettings;
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}

/** The default in the table is applied, unless it says `none`. */
function defaultOf(name: string): string | undefined {
  const { default: shown } = SETTINGS[name as SettingName];
  return shown === 'none' || shown.includes('`') ? undefined : shown;
}

function readAccounts(
  settings: ParsedSettings,
  readFile: (name: string) => string,
  problems: string[],
): readonly AccountConfig[] {
  const qps = settings.AGORA_QPS ?? 10;
  const appQps = settings.AGORA_APP_QPS ?? null;
  const file = settings.AGORA_CONFIG_FILE;
  const found = [
    oneAppAccount(
      {
        appId: settings.AGORA_APP_ID,
        customerId: settings.AGORA_CUSTOMER_ID,
        customerSecret: settings.AGORA_CUSTOMER_SECRET,
        ncsSecrets: settings.AGORA_NCS_SECRET,
      },
      qps,
      appQps,
    ),
    ...(file === undefined ? [] : [parseAccounts(readOrEmpty(file, readFile, problems), qps, appQps)]),
  ];
  problems.push(...found.flatMap((part) => (part.ok ? [] : part.problems)));
  const accounts = found.flatMap((part) => (part.ok ? part.accounts : []));
  problems.push(...findDuplicates(accounts).map((twice) => `AGORA_CONFIG_FILE: ${twice}`));
  return accounts;
}

function readOrEmpty(file: string, readFile: (name: string) => string, problems: string[]): string {
  try {
    return readFile(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push(`AGORA_CONFIG_FILE: cannot be read (${why}); for example ${SETTINGS.AGORA_CONFIG_FILE.example}`);
    return '{"accounts":[]}';
  }
}

/** Both are of the database of DATABASE_URL. */
function lonelyUrls(settings: ParsedSettings): string[] {
  if (settings.DATABASE_URL !== undefined) return [];
  const given = (['DATABASE_DIRECT_URL', 'DATABASE_READ_URL'] as const).filter((name) => settings[name] !== undefined);
  return given.map((name) => problemOf(name, 'set without DATABASE_URL, whose database it is of'));
}

function readWebhookCa(
  { WEBHOOK_CA_FILE: file }: ParsedSettings,
  readFile: (name: string) => string,
  problems: string[],
): string | null {
  if (file === undefined) return null;
  const told = (what: string): null => {
    problems.push(problemOf('WEBHOOK_CA_FILE', what));
    return null;
  };
  try {
    const pem = readFile(file);
    return pem.includes('-----BEGIN CERTIFICATE-----') ? pem : told('holds no certificate in PEM');
  } catch (error) {
    return told(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}

function isGuarded({ API_HOST, API_KEYS }: ParsedSettings): boolean {
  return API_KEYS !== undefined || API_HOST === undefined || isLoopback(API_HOST);
}

function assemble(
  settings: ParsedSettings,
  accounts: readonly AccountConfig[],
  read: {
    buckets: readonly BucketConfig[];
    redis: RedisSettings | null;
    webhookCa: string | null;
    isOpsPortChosen: boolean;
  },
): Config {
  const dataDir = path.resolve(needed(settings.DATA_DIR));
  const [firstUrl = '', ...otherUrls] = needed(settings.AGORA_BASE_URLS);
  return {
    roles: needed(settings.ROLES),
    receiver: {
      host: needed(settings.RECEIVER_HOST),
      port: needed(settings.RECEIVER_PORT),
      maxBytes: needed(settings.NOTICE_MAX_BYTES),
    },
    api: {
      host: needed(settings.API_HOST),
      port: needed(settings.API_PORT),
      keys: settings.API_KEYS ?? [],
    },
    ops: opsOf(settings, read.isOpsPortChosen),
    databaseUrl: settings.DATABASE_URL ?? null,
    databaseDirectUrl: settings.DATABASE_DIRECT_URL ?? null,
    databaseReadUrl: settings.DATABASE_READ_URL ?? null,
    dataDir,
    spoolDir: path.resolve(settings.SPOOL_DIR ?? path.join(dataDir, 'spool')),
    spoolMaxBytes: needed(settings.SPOOL_MAX_BYTES),
    redis: read.redis,
    accounts,
    baseUrls: [firstUrl, ...otherUrls],
    qpsShare: needed(settings.AGORA_QPS_SHARE),
    passThrough: settings.AGORA_PASS_THROUGH === 'on' ? { maxWaitMs: needed(settings.PASS_THROUGH_MAX_WAIT_MS) } : null,
    rules: {
      startCheckAfterMs: needed(settings.START_CHECK_AFTER_MS),
      startDeadlineMs: needed(settings.START_DEADLINE_MS),
      goneConfirmMs: needed(settings.GONE_CONFIRM_MS),
      goneMarginMs: needed(settings.GONE_MARGIN_MS),
      routineIntervalMs: needed(settings.ROUTINE_INTERVAL_MS),
      reorderGraceMs: needed(settings.REORDER_GRACE_MS),
      retryBackoffMs: needed(settings.RETRY_BACKOFF_MS),
      subscribedEvents: settings.NCS_SUBSCRIBED_EVENTS ?? null,
      accountOf: accountOfApp(accounts),
      bucketCheckAfterMs: needed(settings.BUCKET_CHECK_AFTER_MS),
      buckets: read.buckets.map(({ name, bucket, appIds, prefix }) => ({ name, bucket, appIds, prefix })),
    },
    buckets: {
      all: read.buckets,
      perSecond: needed(settings.BUCKET_QPS),
      timeoutMs: needed(settings.BUCKET_TIMEOUT_MS),
    },
    queryTimeoutMs: needed(settings.QUERY_TIMEOUT_MS),
    truthTargetMs: needed(settings.TRUTH_TARGET_MS),
    retention: {
      evidence: needed(settings.RETENTION_DAYS),
      changes: needed(settings.CHANGES_DAYS),
      identities: needed(settings.IDENTITIES_DAYS),
      quarantine: needed(settings.QUARANTINE_DAYS),
      usage: needed(settings.USAGE_DAYS),
    },
    traces: tracesOf(settings),
    webhooks: {
      allowedHosts: settings.WEBHOOK_ALLOWED_HOSTS ?? [],
      retryScheduleMs: needed(settings.WEBHOOK_RETRY_SCHEDULE_MS),
      ca: read.webhookCa,
      secretsKeys: settings.SECRETS_KEY ?? [],
      secretsKeyFile: path.join(dataDir, 'secrets.key'),
    },
    logLevel: needed(settings.LOG_LEVEL),
  };
}

function tracesOf({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG }: ParsedSettings): Config['traces'] {
  if (OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return null;
  return { endpoint: OTEL_EXPORTER_OTLP_ENDPOINT, share: needed(OTEL_TRACES_SAMPLER_ARG) };
}

function opsOf(settings: ParsedSettings, isChosen: boolean): Config['ops'] {
  const port = needed(settings.OPS_PORT);
  return port === 0 ? null : { host: needed(settings.OPS_HOST), port, isChosen };
}

/** Called once nothing is wrong, for settings that have a default. */
function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a setting with a default came out without a value');
  return value;
}

/** The configuration for the log; secrets appear as `configured`. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { accounts, api, buckets, databaseUrl, databaseDirectUrl, databaseReadUrl, redis, traces, webhooks, ...rest } =
    config;
  const { ca, secretsKeys, ...ofWebhooks } = webhooks;
  return {
    ...rest,
    webhooks: { ...ofWebhooks, ca: ca === null ? 'public' : 'configured', secretsKeys: secretsKeys.length },
    api: { ...api, keys: api.keys.map(({ name, role }) => `${name}:${role}`) },
    database: databaseUrl === null ? 'embedded' : 'configured',
    ...(databaseDirectUrl === null ? {} : { databaseDirect: 'configured' }),
    ...(databaseReadUrl === null ? {} : { databaseRead: 'configured' }),
    queue: redis === null ? 'postgres' : `redis, ${redis.place.kind}`,
    // Without what may stand in the address before the host.
    traces: traces === null ? null : { ...traces, endpoint: new URL(traces.endpoint).origin },
    buckets: { ...buckets, all: buckets.all.map(({ accessKeyId: _i, secretAccessKey: _k, ...shown }) => shown) },
    accounts: accounts.map(({ name, qps, apps }) => ({
      name,
      qps,
      apps: apps.map(({ appId, ncsSecrets }) => ({ appId, ncsSecrets: ncsSecrets.length })),
    })),
  };
}
