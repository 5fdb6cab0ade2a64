import { z } from 'zod';
import { address } from './addresses.js';
import {
  text,
  port,
  durationMs,
  secret,
  onOrOff,
  role,
  hostOrRange,
  secretsKey,
  apiKey,
  baseUrl,
  wholeNumber,
  listOf,
  url,
  decimal,
} from './setting-values.js';

/** One setting of the environment: how it is parsed and documented. */
export type Setting = {
  schema: z.ZodType;
  /** The default as the table shows it. */
  default: string;
  example: string;
  meaning: string;
};

/** All settings; the README's table is generated from them. */
export const SETTINGS = {
  ROLES: {
    schema: listOf(role),
    default: 'receiver,api,jobs',
    example: 'receiver',
    meaning: 'Which parts this process runs; any subset, any number of processes.',
  },
  RECEIVER_HOST: {
    schema: text,
    default: '0.0.0.0',
    example: '0.0.0.0',
    meaning: 'Where the public listener listens: notifications and health, nothing else.',
  },
  RECEIVER_PORT: { schema: port, default: '8080', example: '8080', meaning: 'Its port.' },
  API_HOST: {
    schema: text,
    default: '127.0.0.1',
    example: '127.0.0.1',
    meaning: 'Where the internal listener listens: API and metrics.',
  },
  API_PORT: { schema: port, default: '8081', example: '8081', meaning: 'Its port.' },
  OPS_HOST: {
    schema: text,
    default: '127.0.0.1',
    example: '0.0.0.0',
    meaning: 'Where `/healthz`, `/readyz` and `/metrics` of this process are served, whatever its roles.',
  },
  OPS_PORT: {
    schema: port,
    default: '8082',
    example: '8082',
    meaning: 'Its port; `0` switches it off. Where several processes run on one machine, each needs its own.',
  },
  API_KEYS: {
    schema: listOf(apiKey),
    default: 'none',
    example: 'billing:read:3f9c1d72aa',
    meaning:
      '`name:role:key` list, comma-separated, role `read` or `write`. Empty is allowed only while `API_HOST` is loopback.',
  },
  DATABASE_URL: {
    schema: url('postgres:', 'postgresql:'),
    default: 'none',
    example: 'postgres://ledger:secret@db:5432/ledger',
    meaning:
      'Postgres 15 or later; the password may stand in `PGPASSWORD`, as it is. Unset: an embedded Postgres under `DATA_DIR`.',
  },
  DATABASE_DIRECT_URL: {
    schema: url('postgres:', 'postgresql:'),
    default: 'none',
    example: 'postgres://ledger@db:5432/ledger',
    meaning:
      'The same database past its pooler, where `DATABASE_URL` leads through one that shares by the transaction (PgBouncer): for migrations, and for a queue in Postgres.',
  },
  DATABASE_READ_URL: {
    schema: url('postgres:', 'postgresql:'),
    default: 'none',
    example: 'postgres://ledger@replica:5432/ledger',
    meaning:
      'A replica of it: reads of the API that may be a moment old go there. Unset, away or too far behind: `DATABASE_URL`.',
  },
  DATA_DIR: {
    schema: text,
    default: '.data',
    example: '/var/lib/recording-ledger',
    meaning: 'Where the embedded Postgres lives; survives restarts and crashes.',
  },
  REDIS_URL: {
    schema: url('redis:', 'rediss:'),
    default: 'none',
    example: 'redis://redis:6379',
    meaning:
      'Redis for the job queue (BullMQ); `rediss://` with TLS. Without this, Sentinel and Cluster the queue lives in Postgres.',
  },
  REDIS_SENTINELS: {
    schema: listOf(address),
    default: 'none',
    example: 'sentinel-1:26379,sentinel-2:26379,sentinel-3:26379',
    meaning: 'Instead of `REDIS_URL`: the Sentinels, `host:port`, comma-separated.',
  },
  REDIS_SENTINEL_NAME: {
    schema: text,
    default: 'none',
    example: 'mymaster',
    meaning: 'The name under which they watch the master.',
  },
  REDIS_SENTINEL_PASSWORD: {
    schema: secret,
    default: 'none',
    example: 'x7Kd0…',
    meaning: 'The password of the Sentinels themselves, where they have one.',
  },
  REDIS_CLUSTER: {
    schema: listOf(address),
    default: 'none',
    example: 'redis-1:6379,redis-2:6379,redis-3:6379',
    meaning: 'Instead of `REDIS_URL`: nodes of a Redis Cluster, `host:port`, comma-separated. The others are found.',
  },
  REDIS_USERNAME: {
    schema: text,
    default: 'none',
    example: 'ledger',
    meaning: 'The user (ACL) with which Redis is used; not beside one in `REDIS_URL`.',
  },
  REDIS_PASSWORD: {
    schema: secret,
    default: 'none',
    example: 'pX4r…',
    meaning: 'Its password, or that of `requirepass`; not beside one in `REDIS_URL`.',
  },
  REDIS_TLS: {
    schema: onOrOff,
    default: 'off',
    example: 'on',
    meaning: '`on`: Redis, and the Sentinels, are reached over TLS.',
  },
  REDIS_CA_FILE: {
    schema: text,
    default: 'none',
    example: '/etc/recording-ledger/redis-ca.pem',
    meaning: 'The certificates to trust there, where they are not of a public authority.',
  },
  AGORA_APP_ID: {
    schema: text,
    default: 'none',
    example: '970ca35de60c44645bbae8a215061b33',
    meaning: 'The one-app case: the App ID of the project.',
  },
  AGORA_CUSTOMER_ID: {
    schema: text,
    default: 'none',
    example: '5ffd0c1dafb84e5c',
    meaning: "The account's customer id (console, RESTful API).",
  },
  AGORA_CUSTOMER_SECRET: {
    schema: text,
    default: 'none',
    example: 'a1b2c3…',
    meaning: "The account's customer secret.",
  },
  AGORA_NCS_SECRET: {
    schema: listOf(text),
    default: 'none',
    example: 'k9Zr3xQe7',
    meaning: "The secret of the project's notifications; several, comma-separated, while rotating.",
  },
  AGORA_CONFIG_FILE: {
    schema: text,
    default: 'none',
    example: '/etc/recording-ledger/agora.json',
    meaning:
      'Several accounts and apps, as JSON: `{"accounts":[{"name","customerId","customerSecret","qps","apps":[{"appId","ncsSecrets":[]}]}]}`.',
  },
  AGORA_BASE_URLS: {
    schema: listOf(baseUrl),
    default: 'https://api.agora.io,https://api.sd-rtn.com',
    example: 'https://api.agora.io',
    meaning: 'Tried in order; plain `http` only for loopback.',
  },
  AGORA_QPS: {
    schema: decimal(0.1, 10_000),
    default: '10',
    example: '10',
    meaning: 'Queries per second that Agora allows the account.',
  },
  AGORA_QPS_SHARE: {
    schema: decimal(0.01, 1),
    default: '0.9',
    example: '0.9',
    meaning: 'The share of that limit that this service may use.',
  },
  AGORA_APP_QPS: {
    schema: decimal(0.1, 10_000),
    default: 'none',
    example: '10',
    meaning:
      "Queries per second that Agora allows each app, on top of the account's limit: its pages disagree about which of the two counts.",
  },
  AGORA_PASS_THROUGH: {
    schema: z.enum(['on', 'off'], 'must be on or off'),
    default: 'off',
    example: 'on',
    meaning:
      "`on` serves Agora's own API at `/agora` of the internal listener: whoever changes the base URL of his calls has registered his sessions.",
  },
  PASS_THROUGH_MAX_WAIT_MS: {
    schema: wholeNumber(0, 60_000),
    default: '2000',
    example: '2000',
    meaning: 'How long such a call may wait for its turn within the limit. Beyond that it is answered 429.',
  },
  TRUTH_TARGET_MS: {
    schema: durationMs,
    default: '600000',
    example: '600000',
    meaning:
      'The target for how long a live session may stay unverified; the summary forecasts at which load it is exceeded.',
  },
  START_CHECK_AFTER_MS: {
    schema: durationMs,
    default: '5000',
    example: '5000',
    meaning: 'When the first query comes after a session starts.',
  },
  START_DEADLINE_MS: {
    schema: durationMs,
    default: '90000',
    example: '90000',
    meaning: 'No sign of life by then: never started.',
  },
  GONE_CONFIRM_MS: {
    schema: durationMs,
    default: '90000',
    example: '90000',
    meaning: 'How long 404s must last before they mean gone; a failover answers 404 meanwhile.',
  },
  GONE_MARGIN_MS: {
    schema: durationMs,
    default: '30000',
    example: '60000',
    meaning: 'An end is looked at for the last time `GONE_CONFIRM_MS` plus this long after it.',
  },
  ROUTINE_INTERVAL_MS: {
    schema: durationMs,
    default: '120000',
    example: '120000',
    meaning: 'How often a live session is verified while the budget allows.',
  },
  REORDER_GRACE_MS: {
    schema: durationMs,
    default: '3000',
    example: '3000',
    meaning: 'How long a missing sequence number may still be merely late.',
  },
  RETRY_BACKOFF_MS: {
    schema: listOf(durationMs),
    default: '5000,10000,15000,30000',
    example: '5000,10000,15000,30000',
    meaning: 'Waits after 404, 206, 5xx and timeouts; the last repeats.',
  },
  QUERY_TIMEOUT_MS: {
    schema: durationMs,
    default: '10000',
    example: '10000',
    meaning: 'How long one query may take.',
  },
  NCS_SUBSCRIBED_EVENTS: {
    schema: z.union([z.literal('all').transform(() => null), listOf(wholeNumber(0, 1_000_000))]),
    default: 'all',
    example: '1,11,12,31,33,40,41',
    meaning:
      'Event types that the console subscribes to, if not all: then a missing number proves nothing, and without 33 there is no heartbeat.',
  },
  NOTICE_MAX_BYTES: {
    schema: wholeNumber(1_024, 104_857_600),
    default: '1048576',
    example: '1048576',
    meaning: 'Larger bodies get 413.',
  },
  SPOOL_DIR: {
    schema: text,
    default: '`DATA_DIR`/spool',
    example: '/var/lib/recording-ledger/spool',
    meaning: 'Where the receiver keeps notifications durably while Postgres cannot be reached.',
  },
  SPOOL_MAX_BYTES: {
    schema: wholeNumber(1_048_576, 1_099_511_627_776),
    default: '1073741824',
    example: '1073741824',
    meaning: 'How many bytes the spool may hold. Beyond that notifications are answered 503.',
  },
  RETENTION_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: '0',
    example: '90',
    meaning:
      'Raw evidence (notifications and query answers) of ended sessions older than this is dropped; ledger rows stay. 0 keeps it.',
  },
  CHANGES_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: '30',
    example: '90',
    meaning:
      'How far back readers of the change feed may go on from, and versions of ended sessions are kept. The last version of every session stays, and all of a live one. 0 keeps all.',
  },
  IDENTITIES_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: '90',
    example: '90',
    meaning:
      'How long a notification whose body `RETENTION_DAYS` has dropped is still known when it comes again, counted from its receipt. 0 keeps that for ever.',
  },
  QUARANTINE_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: '365',
    example: '90',
    meaning: 'How long bodies that nobody could read are kept. 0 keeps them.',
  },
  USAGE_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: '400',
    example: '90',
    meaning: 'How long it is kept how many queries were asked in each minute. 0 keeps it.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: url('https:', 'http:'),
    default: 'none',
    example: 'http://collector:4318',
    meaning: 'Where traces go (OTLP over HTTP, JSON). Unset: none are made, and nothing of it is loaded.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: decimal(0, 1),
    default: '1',
    example: '0.01',
    meaning: 'Which share of traces is kept; of each trace all processes keep all, or nothing.',
  },
  WEBHOOK_ALLOWED_HOSTS: {
    schema: listOf(hostOrRange),
    default: 'none',
    example: 'hooks.internal,10.20.0.0/16',
    meaning:
      'Hosts and CIDR ranges that outgoing webhooks may reach although they are private or loopback; to these plain `http` is allowed too.',
  },
  WEBHOOK_RETRY_SCHEDULE_MS: {
    schema: listOf(durationMs),
    default: '5000,30000,120000,900000,3600000,14400000,43200000',
    example: '5000,30000,120000,900000',
    meaning: 'Waits between the tries of one delivery; after the last try the delivery is parked.',
  },
  WEBHOOK_CA_FILE: {
    schema: text,
    default: 'none',
    example: '/etc/recording-ledger/private-ca.pem',
    meaning: 'Certificates (PEM) that receivers of webhooks may be signed by, beside the public ones.',
  },
  BUCKETS_FILE: {
    schema: text,
    default: 'none',
    example: '/etc/recording-ledger/buckets.json',
    meaning:
      'The buckets that recordings are uploaded to, S3-compatible, with read-only keys, as JSON: `{"buckets":[{"name","endpoint"?,"region","bucket","accessKeyId","secretAccessKey","forcePathStyle"?,"appIds"?:[…],"prefix"?}]}`.',
  },
  BUCKET_CHECK_AFTER_MS: {
    schema: durationMs,
    default: '60000',
    example: '60000',
    meaning:
      'How long after the ledger learned of an end whose upload nobody vouched for it looks into the bucket for the first time.',
  },
  BUCKET_QPS: {
    schema: decimal(0.1, 1_000),
    default: '5',
    example: '5',
    meaning: 'Requests per second that all processes together send to one bucket; each costs money.',
  },
  BUCKET_TIMEOUT_MS: {
    schema: durationMs,
    default: '10000',
    example: '10000',
    meaning: 'How long one request to a bucket may take.',
  },
  SECRETS_KEY: {
    schema: listOf(secretsKey),
    default: 'none',
    example: 'the output of openssl rand -base64 32',
    meaning:
      'What secrets of webhooks are encrypted with in the database; while it is changed, the new one and the old one, comma-separated. Unset: a key that is made once, in `DATA_DIR`/secrets.key. The same for every process.',
  },
  LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    example: 'info',
    meaning: 'How much is logged.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** Of each setting what it says; undefined where it is neither set nor has a default. */
export type ParsedSettings = { [K in SettingName]: z.output<(typeof SETTINGS)[K]['schema']> | undefined };

/** One line about a wrong setting: its name, what is wrong, an example. */
export function problemOf(name: SettingName, what: string): string {
  const { example } = SETTINGS[name];
  return `${name}: ${what}; for example ${name}=${example}`;
}

/** The table of settings as the README holds it. */
export function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, setting]) => `| \`${name}\` | \`${setting.default.replaceAll('`', '')}\` | ${setting.meaning} |`,
  );
  return ['| name | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
