import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inDatabase } from '../support/acknowledged.js';
import { createEmptyDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';
import { createLimitedRole } from '../support/limited-role.js';
import { startOwnRedis } from '../support/own-redis.js';
import { endProcesses, startNode } from '../support/processes.js';
import { createTestRedis, describeWithRedis } from '../support/redis.js';
import { APP, NCS_SECRET, startTestService, type TestService } from '../support/service.js';
import { describeWithSmallDisk, mountSmallDisk } from '../support/small-disk.js';
import { GONE } from '../support/stub-agora.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterEach(() => {
  service.agora.answerWith(GONE);
  for (const server of standIns.splice(0)) server.close();
});
afterAll(async () => {
  await endProcesses();
  await service.close();
});

type Ran = { code: number | null; lines: string[] };

/** What it says in a process of its own, with the settings of the service of this file and these. */
async function doctor(env: Record<string, string> = {}, args: readonly string[] = []): Promise<Ran> {
  const command = startNode(['dist/cli/main.js', 'doctor', ...args], {
    env: {
      DATABASE_URL: service.database.url,
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'customer',
      AGORA_CUSTOMER_SECRET: 'secret',
      AGORA_NCS_SECRET: NCS_SECRET,
      AGORA_BASE_URLS: service.agora.url,
      SPOOL_MAX_BYTES: '1048576',
      ...env,
    },
  });
  const { code } = await command.ended;
  return { code, lines: command.output().trimEnd().split('\n') };
}

/** What is not ok of it. */
function complaints({ lines }: Ran): string[] {
  return lines.filter((line) => !line.startsWith('ok '));
}

const receiverUrl = (): string => `http://127.0.0.1:${String(service.app.receiverPort)}`;
const NOBODY = '127.0.0.1:1';

describe('where all is well', () => {
  it('says so, a line for each thing it looked at, and what it sends becomes no session', async () => {
    const asked = service.agora.requests.length;
    const { code, lines } = await doctor({}, ['--public-url', receiverUrl()]);
    const at = service.agora.url.replace('http://', '');
    expect(lines).toEqual([
      `ok       Node: ${process.versions.node}`,
      'ok       settings: all valid; roles receiver, api, jobs',
      'ok       apps: 1 account(s), 1 app(s)',
      expect.stringMatching(/^ok {7}disk of the spool: \/.*, \d+ MiB free/),
      expect.stringMatching(/^ok {7}database: Postgres \d+\.\d+.*, as role ledger$/),
      'ok       rights in the database: owns its tables',
      expect.stringMatching(/^ok {7}migrations: all \d+ applied$/),
      'ok       reporting role: recording_reader reads schema reporting',
      'ok       queue: in Postgres',
      `ok       Agora, account default, app ${APP}: ${at} answered 404: the credentials are accepted`,
      expect.stringMatching(
        /^ok {7}clocks: compared with this machine, the database [+-]\d+ ms .*, 127\.0\.0\.1:\d+ [+-]/,
      ),
      `warning  receiver at ${receiverUrl()}: reachable, and refuses unsigned notifications; without TLS – put TLS in front of it, and enter the https:// address in the console`,
      `ok       receiver, app ${APP}: accepted a signed test notification`,
    ]);
    expect(code).toBe(0);
    expect(service.agora.requests.slice(asked).map(({ authorization }) => authorization)).toEqual([
      `Basic ${Buffer.from('customer:secret').toString('base64')}`,
    ]);
    const { body } = await service.api('GET', '/v1/sessions');
    expect(body.sessions).toEqual([]);
    const kept = await inDatabase(service.database.url, async (client) => {
      const { rows } = await client.query<object>(
        `select (select count(*)::int from notices where notices.is_test) as tests,
                (select count(*)::int from observations) as observations,
                (select count(*)::int from query_usage) as counted,
                (select count(*)::int from query_slots where query_slots.taken_at is not null) as slots`,
      );
      return rows[0];
    });
    expect(kept).toEqual({ tests: 1, observations: 0, counted: 0, slots: 1 });
  });

  it('tells the same as JSON', async () => {
    const { code, lines } = await doctor({}, ['--json']);
    expect(code).toBe(0);
    const checks = JSON.parse(lines.join('\n')) as { check: string; status: string }[];
    expect(checks.map(({ status }) => status)).toEqual(checks.map(() => 'ok'));
    expect(checks[0]).toEqual({ check: 'Node', status: 'ok', found: process.versions.node, advice: null });
  });
});

describe('settings', () => {
  it('that are wrong are told all at once, each with what would be right', async () => {
    const ran = await doctor({ AGORA_QPS: 'many', API_HOST: '0.0.0.0', DATABASE_URL: 'mysql://db' });
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(
        /^failed {3}setting: DATABASE_URL must be a URL beginning with postgres.* – for example DATABASE_URL=postgres/,
      ),
      expect.stringMatching(/^failed {3}setting: AGORA_QPS must be a number – for example AGORA_QPS=10$/),
      expect.stringMatching(
        /^failed {3}setting: API_KEYS empty while API_HOST is not loopback – for example billing:read:/,
      ),
    ]);
  });

  it('without an app, or without its secret, are a complaint', async () => {
    const none = { AGORA_APP_ID: '', AGORA_CUSTOMER_ID: '', AGORA_CUSTOMER_SECRET: '', AGORA_NCS_SECRET: '' };
    expect(complaints(await doctor(none))).toEqual([
      expect.stringMatching(/^failed {3}apps: no app is configured – set AGORA_APP_ID/),
    ]);
  });
});

describe('the database', () => {
  it.each([
    ['that nobody serves', `postgres://u:p@${NOBODY}/x`, /ECONNREFUSED.* – start Postgres/],
    [
      'on a host that is unknown',
      'postgres://u:p@no-such-host.invalid/x',
      /the host in DATABASE_URL cannot be resolved/,
    ],
  ])('%s is told, and Agora is not asked without its slots', async (_what, url, complaint) => {
    const asked = service.agora.requests.length;
    const ran = await doctor({ DATABASE_URL: url });
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(complaint),
      expect.stringMatching(/^warning {2}Agora, account default: not asked – repair the database first/),
    ]);
    expect(service.agora.requests).toHaveLength(asked);
  });

  it('that refuses the password, or is not there, is told apart', async () => {
    const url = new URL(service.database.url);
    url.password = 'wrong';
    expect(complaints(await doctor({ DATABASE_URL: url.href }))[0]).toMatch(/check user and password in DATABASE_URL/);
    const other = new URL(service.database.url);
    other.pathname = 'no_such_database';
    expect(complaints(await doctor({ DATABASE_URL: other.href }))[0]).toMatch(/create that database/);
  });

  it('in which the role may make nothing is a failure before the first start, with what an administrator has to run', async () => {
    const database = await createEmptyDatabase();
    await inDatabase(database.url, (admin) => admin.query(`create role powerless login password 'powerless'`));
    const url = new URL(database.url);
    url.username = url.password = 'powerless';
    const ran = await doctor({ DATABASE_URL: url.href });
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(
        /^failed {3}rights in the database: .*"grant create on database ".*" to "powerless"; grant usage, create on schema "public"/,
      ),
      expect.stringMatching(
        /^warning {2}migrations: \d+ to apply, from \d+_ledger on – run "recording-ledger migrate"/,
      ),
      expect.stringMatching(/^warning {2}reporting role: recording_reader cannot be created by this role/),
    ]);
    await database.drop();
    await inDatabase(service.database.url, (admin) => admin.query('drop role powerless'));
  });

  it('whose tables another role owns, or closes, is told', async () => {
    const role = await createLimitedRole(service.database.url);
    const guest = await doctor({ DATABASE_URL: role.url });
    expect(complaints(guest)).toEqual([
      expect.stringMatching(
        /^warning {2}rights in the database: reads and writes the tables of ledger – as role ledger run "recording-ledger migrate --grant-to limited_/,
      ),
    ]);
    await inDatabase(service.database.url, (admin) =>
      admin.query(`revoke insert on sessions, notices from ${role.name}`),
    );
    const closed = await doctor({ DATABASE_URL: role.url });
    expect(closed.code).toBe(1);
    expect(complaints(closed)[0]).toMatch(
      /^failed {3}rights in the database: may not read and write 2 tables \(notices, sessions/,
    );
    await inDatabase(service.database.url, (admin) => admin.query(`drop owned by ${role.name}`));
    await role.drop();
  });

  it("that a newer release has broken, or that is another's, is told", async () => {
    await inDatabase(service.database.url, (client) =>
      client.query(`insert into breaking_migrations (migration_name, reason) values ('2999_coming', 'facts moved')`),
    );
    const newer = await doctor();
    await inDatabase(service.database.url, (client) =>
      client.query(`delete from breaking_migrations where migration_name = '2999_coming'`),
    );
    expect(newer.code).toBe(1);
    expect(complaints(newer)).toEqual([
      expect.stringMatching(/^failed {3}migrations: .*2999_coming \(facts moved\) – start the newer release/),
    ]);
    const theirs = await createEmptyDatabase();
    await inDatabase(theirs.url, (client) => client.query('create table theirs (n int)'));
    const ran = await doctor({ DATABASE_URL: theirs.url });
    expect(complaints(ran)[0]).toMatch(
      /^failed {3}migrations: .*something else: theirs – give the ledger a database of its own/,
    );
    await theirs.drop();
  });
});

describe('Agora', () => {
  it.each([401, 403])('that answers %d refuses the credentials, and what to check is said', async (status) => {
    service.agora.answerWith({ status, body: { message: 'Invalid authentication credentials' } });
    const ran = await doctor();
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^failed {3}Agora, account default, app app-1: .* answered ${String(status)}: .* – check AGORA_CUSTOMER_ID`,
        ),
      ),
    ]);
  });

  it('that answers at its second address only is told with what is wrong with the first', async () => {
    const ran = await doctor({ AGORA_BASE_URLS: `http://${NOBODY},${service.agora.url}` });
    expect(ran.code).toBe(0);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(
        /^warning {2}Agora, .*: 127\.0\.0\.1:\d+ answered 404: the credentials are accepted; 127\.0\.0\.1:1: cannot be reached/,
      ),
    ]);
  });

  it('that fails at every address is a failure', async () => {
    service.agora.answerWith({ status: 503, body: 'down' });
    const ran = await doctor();
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([expect.stringMatching(/no base URL answers \(127\.0\.0\.1:\d+: answered 503\)/)]);
  });

  it('whose clock is minutes away from this machine shows a clock that is not synchronised', async () => {
    const date = new Date(Date.now() - 600_000).toUTCString();
    service.agora.answerWith({ ...(GONE as { status: number; body: object }), headers: { date } });
    const ran = await doctor();
    expect(ran.code).toBe(0);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(/^warning {2}clocks: .* -(59|60)\d{4} ms .* – synchronise this machine/),
    ]);
  });
});

describeWithRedis('Redis', () => {
  it('that nobody serves is told', async () => {
    const ran = await doctor({ REDIS_URL: `redis://${NOBODY}` });
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([expect.stringMatching(/^failed {3}Redis: .*ECONNREFUSED.* – start Redis/)]);
  });

  it('is told with its version and persistence where it is as it should be', async () => {
    const redis = await createTestRedis();
    const { lines } = await doctor({ REDIS_URL: redis.url });
    expect(lines.filter((line) => line.includes('Redis'))).toEqual([
      expect.stringMatching(/^ok {7}Redis: version \d+\./),
      'ok       Redis, eviction: maxmemory-policy noeviction',
      'ok       Redis, persistence: none; lost jobs are found again in Postgres',
    ]);
    await redis.drop();
  });

  it('that evicts keys is a failure', async () => {
    const evicting = await startOwnRedis(['--maxmemory-policy', 'allkeys-lru']);
    const ran = await doctor({ REDIS_URL: evicting.url });
    await evicting.kill();
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(
        /^failed {3}Redis, eviction: maxmemory-policy allkeys-lru – set maxmemory-policy to noeviction/,
      ),
    ]);
  });
});

/** Servers that stand where the receiver should be. */
const standIns: Server[] = [];

async function standIn(server: Server): Promise<string> {
  standIns.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('the receiver as it is seen from outside', () => {
  const seen = async (url: string, env: Record<string, string> = {}): Promise<Ran> => {
    const ran = await doctor(env, ['--public-url', url]);
    return {
      code: ran.code,
      lines: ran.lines.filter((line) => /^\w+ +receiver/.test(line)),
    };
  };

  it('that has another secret is told, by app and secret; the address may be the one that the console has', async () => {
    const ran = await seen(`${receiverUrl()}/ncs/${APP}`, { AGORA_NCS_SECRET: `${NCS_SECRET},other` });
    expect(ran.code).toBe(1);
    expect(ran.lines.slice(1)).toEqual([
      `ok       receiver, app ${APP}, secret 1 of 2: accepted a signed test notification`,
      expect.stringMatching(
        /^failed {3}receiver, app app-1, secret 2 of 2: answered 401 .* – the receiver has another secret for app app-1/,
      ),
    ]);
  });

  it('is a failure where nobody listens, or the host is unknown', async () => {
    expect((await seen(`http://${NOBODY}`)).lines).toEqual([
      expect.stringMatching(/cannot be reached .*nobody listens there/),
    ]);
    expect((await seen('https://no-such-host.invalid')).lines).toEqual([expect.stringMatching(/check its DNS entry/)]);
  });

  it('is a failure where TLS does not come about, or is trusted by nobody', async () => {
    expect((await seen(receiverUrl().replace('http:', 'https:'))).lines).toEqual([
      expect.stringMatching(/TLS fails there/),
    ]);
    const pem = readFileSync('test/fixtures/self-signed.pem');
    const server = createHttpsServer({ key: pem, cert: pem }, (_request, response) => response.end());
    expect((await seen(`https://${await standIn(server)}`)).lines).toEqual([
      expect.stringMatching(/certificate is not trusted/),
    ]);
  });

  it('is not taken for something else that answers 200 to everybody, or leads elsewhere', async () => {
    const site = createHttpServer((request, response) => {
      if (request.url?.startsWith('/moved') === true) response.writeHead(308, { location: 'https://elsewhere/' });
      response.end('welcome');
    });
    const at = await standIn(site);
    expect((await seen(`http://${at}`)).lines).toEqual([
      expect.stringMatching(/^failed.*200 to an unsigned notification/),
    ]);
    expect((await seen(`http://${at}/moved`)).lines).toEqual([
      expect.stringMatching(/^failed.*308, to https:\/\/elsewhere\/ – Agora does not follow redirects/),
    ]);
  });
});

describe('the disks', () => {
  it('are a failure where something is in the way of the spool', async () => {
    const file = join(await createTestFolder('doctor-'), 'spool');
    await writeFile(file, 'no folder');
    const ran = await doctor({ SPOOL_DIR: file });
    expect(ran.code).toBe(1);
    expect(complaints(ran)).toEqual([
      expect.stringMatching(/^failed {3}disk of the spool: .* is not a folder\) – make it a folder/),
    ]);
  });
});

describeWithSmallDisk('a disk', () => {
  it('that is full, small or mounted read-only is told', async () => {
    const disk = mountSmallDisk(join(await createTestFolder('doctor-disk-'), 'disk'), 100);
    const env = { SPOOL_DIR: disk.folder, SPOOL_MAX_BYTES: '1073741824' };
    expect(complaints(await doctor(env))).toEqual([
      expect.stringMatching(/^warning {2}disk of the spool: .*, (99|100) MiB free – free some space.*SPOOL_MAX_BYTES/),
    ]);
    await disk.fill();
    const full = await doctor(env);
    expect(full.code).toBe(1);
    expect(complaints(full)).toEqual([
      expect.stringMatching(/^failed {3}disk of the spool: .*ENOSPC.* – the disk is full/),
    ]);
    disk.free();
    execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
    const readOnly = await doctor(env);
    disk.close();
    expect(complaints(readOnly)).toEqual([
      expect.stringMatching(/^failed {3}disk of the spool: .*EROFS.* – it is mounted read-only/),
    ]);
  });
});

describe('without DATABASE_URL', () => {
  it('looks at the programs of the embedded Postgres and where its data will be, and makes nothing', async () => {
    const folder = join(await createTestFolder('doctor-data-'), 'data');
    const { code, lines } = await doctor({ DATABASE_URL: '', DATA_DIR: folder });
    expect(code).toBe(0);
    expect(lines).toContain(`ok       embedded Postgres: in ${folder}, not running now: the service starts it`);
    expect(lines.find((line) => line.includes('disk of the data'))).toMatch(/MiB free, created at the start$/);
    expect(() => readFileSync(folder)).toThrow(/ENOENT/);
  });
});
