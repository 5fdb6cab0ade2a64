import pg from 'pg';
import { inDatabase } from '../support/acknowledged.js';
import { PASSWORD, startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js';
import { endProcesses, startNode } from '../support/processes.js';

let postgres: OwnPostgres;

beforeEach(async () => {
  postgres = await startOwnPostgres();
});
afterEach(async () => {
  await endProcesses();
  await postgres.close();
});

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

it('a password with every special character is taken from PGPASSWORD, as it is', async () => {
  const url = new URL(await postgres.createOwned('limited', 'createrole'));
  url.password = '';
  const env = { DATABASE_URL: url.href, PGPASSWORD: PASSWORD };
  expect((await ledger(['migrate'], env)).code).toBe(0);
  expect((await ledger(['inspect', 'nobody'], env)).output).toBe('No session nobody is known.\n');
  expect((await ledger(['migrate'], { ...env, PGPASSWORD: 'another' })).output).toMatch(/does not let us in/);
});
