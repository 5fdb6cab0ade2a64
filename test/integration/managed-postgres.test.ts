import pg from 'pg';
import { freePort } from '../../src/embedded/free-port.js';
import { inDatabase } from '../support/acknowledged.js';
import { PASSWORD, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { endProcesses, startNode } from '../support/processes.js';
import { signed } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let postgres: OwnPostgres;

beforeEach(async () => {
  postgres = await startOwnPostgres();
});
afterEach(async () => {
  await endProcesses();
  await postgres.close();
});

const SERVICE = {
  RECEIVER_HOST: '127.0.0.1',
  AGORA_APP_ID: 'app',
  AGORA_CUSTOMER_ID: 'customer',
  AGORA_CUSTOMER_SECRET: 'secret',
  AGORA_NCS_SECRET: 'ncs',
  AGORA_BASE_URLS: 'http://127.0.0.1:9',
};

function exitNotice(sid: string): unknown {
  const payload = { cname: 'c', uid: '1', sid, sequence: 0, sendts: Date.now(), serviceType: 0 };
  const details = { msgName: 'session_exit', exitStatus: 0 };
  return { noticeId: sid, productId: 3, eventType: 11, notifyMs: Date.now(), sid, payload: { ...payload, details } };
}

type Ran = { code: number | null; output: string };

async function ledger(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const command = startNode(['dist/cli/main.js', ...args], { env });
  const { code } = await command.ended;
  return { code, output: command.output() };
}

const migrate = (url: string): Promise<Ran> => ledger(['migrate'], { DATABASE_URL: url });

/** An administrator of the server, connected to the same database. */
async function asAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const { user, password, host, port } = postgres.admin;
  const admin = new pg.Client({ user, password, host, port, database: new URL(url).pathname.slice(1) });
  await admin.connect();
  return work(admin).finally(() => admin.end());
}

/** The views of reporting that the role cannot read. */
function unreadable(url: string): Promise<string[]> {
  return asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      `select table_name as name from information_schema.views where table_schema = 'reporting' order by 1`,
    );
    expect(rows.length).toBeGreaterThan(5);
    await admin.query('set role recording_reader');
    const refused: string[] = [];
    for (const { name } of rows) {
      await admin.query(`select * from reporting.${name} limit 1`).catch(() => refused.push(name));
    }
    return refused;
  });
}

describe('a role that may not create roles, as a managed Postgres gives it', () => {
  it('migrates, says which statement an administrator has to run, and the next run lets the new role read everything', async () => {
    const url = await postgres.createOwned('limited');
    const first = await migrate(url);
    expect(first.code).toBe(0);
    expect(first.output).toMatch(/^Applied: .*_ledger/);
    const statement = /As an administrator run "(create role [^"]+)"/.exec(first.output)?.[1] ?? 'none was named';
    await postgres.admin.query(statement);

    const second = await migrate(url);
    expect(second).toEqual({
      code: 0,
      output: 'The database is up to date.\nRole recording_reader can now read all of schema reporting.\n',
    });
    expect(await unreadable(url)).toEqual([]);
    expect(await migrate(url)).toEqual({ code: 0, output: 'The database is up to date.\n' });
  });

  it('serves as well, and says so in its log until there is a role, which the next start grants what it reads', async () => {
    const url = await postgres.createOwned('limited');
    const start = () =>
      startNode(['dist/main.js'], { env: { DATABASE_URL: url, ROLES: 'api', API_PORT: '0', LOG_LEVEL: 'info' } });
    const before = start();
    await before.says(/service\.started/);
    expect(before.output()).toMatch(/create role recording_reader nologin;.*"msg":"reporting\.not_readable"/);
    before.kill('SIGTERM');
    await before.ended;
    await postgres.admin.query('create role recording_reader nologin');

    const after = start();
    await after.says(/service\.started/);
    expect(after.output()).toMatch(/"msg":"reporting\.granted"/);
    expect(await unreadable(url)).toEqual([]);
    after.kill('SIGTERM');
    await after.ended;
  });

  it('finds in a role that was made before all it needs', async () => {
    await postgres.admin.query('create role recording_reader nologin');
    const url = await postgres.createOwned('limited');
    expect((await migrate(url)).output).toMatch(/^Applied: [^\n]*\n$/);
    expect(await unreadable(url)).toEqual([]);
  });
});

it('a view that came later without its grant can be read after the next run', async () => {
  const url = await postgres.createOwned('limited', 'createrole');
  await migrate(url);
  await inDatabase(url, (client) => client.query('create view reporting.later as select 1 as one'));
  expect(await unreadable(url)).toEqual(['later']);
  expect((await migrate(url)).output).toMatch(/recording_reader can now read all of schema reporting/);
  expect(await unreadable(url)).toEqual([]);
});

it('a role that is gone, as after a restore on another server, is made again where ours may make it', async () => {
  const url = await postgres.createOwned('limited', 'createrole');
  await migrate(url);
  await asAdmin(url, (admin) => admin.query('drop owned by recording_reader; drop role recording_reader'));
  expect((await migrate(url)).output).toMatch(/recording_reader can now read all of schema reporting/);
  expect(await unreadable(url)).toEqual([]);
});

it('a role that may make nothing is refused before anything is begun, with the statements that mend it', async () => {
  const url = await postgres.createOwned('limited');
  await postgres.admin.query('alter database limited owner to ledger');
  await postgres.admin.query('revoke create on database limited from limited');
  const refused = await migrate(url);
  expect(refused.code).toBe(1);
  const statements = /in database limited, run "([^"]*"[^"]*"[^"]*"[^"]*".*;)" and start again/.exec(
    refused.output,
  )?.[1];
  await asAdmin(url, async (admin) => {
    const { rows } = await admin.query(`select from pg_class where relname = '_prisma_migrations'`);
    expect(rows).toEqual([]);
    await admin.query(statements ?? 'no statement was named');
  });
  expect((await migrate(url)).code).toBe(0);
});

it('a later migration that needs the owner of the tables says so', async () => {
  const url = await postgres.createOwned('limited');
  await migrate(url);
  await postgres.createOwned('other');
  await asAdmin(url, (admin) =>
    admin.query(
      `grant all on database limited to other; grant all on schema public to other; grant all on _prisma_migrations to other;
       grant select on breaking_migrations to other;
       delete from _prisma_migrations where migration_name like '%_sessions_are_updated_in_place'`,
    ),
  );
  const other = new URL(url);
  other.username = 'other';
  const refused = await migrate(other.href);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/run the migration as the role that owns the tables/);
});

describe('a service whose role owns nothing and may hold few connections', () => {
  it('runs once the owner has let it: it makes the partitions of coming days, and folds what comes', async () => {
    const owned = await postgres.createOwned('owner');
    await postgres.admin.query(`create role service login password '${PASSWORD}' connection limit 40`);
    await postgres.admin.query(
      'revoke temporary on database owner from public; grant temporary on database owner to service',
    );
    const granted = await ledger(['migrate', '--grant-to', 'service'], { DATABASE_URL: owned });
    expect(granted).toEqual({ code: 0, output: expect.stringMatching(/Role service may run the service\.\n$/) });
    expect((await ledger(['migrate', '--grant-to', 'service'], { DATABASE_URL: owned })).code).toBe(0);

    const url = new URL(owned);
    url.username = 'service';
    const [receiver, api] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const env = { ...SERVICE, DATABASE_URL: url.href, RECEIVER_PORT: String(receiver), API_PORT: String(api) };
    const service = startNode(['dist/main.js'], { env });
    await service.says(/service\.started/);
    const body = JSON.stringify(exitNotice('d'.repeat(32)));
    const answer = await fetch(`http://127.0.0.1:${String(receiver)}/ncs/app`, {
      method: 'POST',
      headers: signed(Buffer.from(body), 'ncs'),
      body,
    });
    expect(answer.status).toBe(200);
    const isFolded = async (): Promise<boolean> =>
      (await fetchDocumented(`http://127.0.0.1:${String(api)}/v1/sessions/${'d'.repeat(32)}`)).status === 200;
    await waitFor(isFolded, { deadlineMs: 20_000, what: 'the session' });
    expect(service.output()).not.toMatch(/permission denied|partitions\./);
    const found = await asAdmin(owned, async (admin) => {
      const { rows } = await admin.query<{ days: number; owners: string[] }>(
        `select count(*)::int as days, array_agg(distinct pg_get_userbyid(part.relowner)::text) as owners
         from pg_class as part where part.relnamespace = 'evidence_parts'::regnamespace and part.relname ~ '^notices_\\d{8}$'`,
      );
      return rows[0];
    });
    expect(found).toEqual({ days: 8, owners: ['owner'] });
    const examined = await ledger(['doctor'], { ...SERVICE, DATABASE_URL: url.href });
    expect(examined.output).toMatch(
      /ok {7}rights in the database: reads and writes the tables of owner, which migrates/,
    );
  });
});

it('a password with every special character is taken from PGPASSWORD, as it is', async () => {
  const url = new URL(await postgres.createOwned('limited', 'createrole'));
  url.password = '';
  const env = { DATABASE_URL: url.href, PGPASSWORD: PASSWORD };
  expect((await ledger(['migrate'], env)).code).toBe(0);
  expect((await ledger(['inspect', 'nobody'], env)).output).toBe('No session nobody is known.\n');
  expect((await ledger(['migrate'], { ...env, PGPASSWORD: 'another' })).output).toMatch(/does not let us in/);
});
