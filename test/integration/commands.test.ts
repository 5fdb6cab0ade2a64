import { readFileSync } from 'node:fs';
import pg from 'pg';
import { at } from '../support/builders.js';
import { startNode } from '../support/processes.js';
import { APP, NCS_SECRET, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let client: pg.Client;

beforeAll(async () => {
  service = await startTestService({ REORDER_GRACE_MS });
  client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service.close();
});

/** One for the service and the commands: folded by other rules, a session reads otherwise. */
const REORDER_GRACE_MS = '100';

type Ran = { code: number | null; lines: string[] };

/** What a command says in a process of its own, on the ledger of this file unless told otherwise. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const command = startNode(['dist/cli/main.js', ...args], {
    env: {
      DATABASE_URL: service.database.url,
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'c',
      AGORA_CUSTOMER_SECRET: 's',
      AGORA_NCS_SECRET: NCS_SECRET,
      REORDER_GRACE_MS,
      ...env,
    },
  });
  const { code } = await command.ended;
  return { code, lines: command.output().trimEnd().split('\n') };
}

async function tell(sid: string, eventType: number, sequence: number, seconds: number, details: object): Promise<void> {
  const payload = { cname: 'lesson', uid: '900001', sid, sequence, sendts: at(seconds), serviceType: 0, details };
  const noticeId = `${sid}-${String(eventType)}-${String(sequence)}`;
  const { status } = await service.notify({ noticeId, productId: 3, eventType, notifyMs: at(seconds), payload });
  expect(status).toBe(200);
}

/** A session that was recorded for half a minute and exited. */
async function lived(sid: string): Promise<void> {
  await tell(sid, 11, 1, 30, { exitStatus: 0 });
  await tell(sid, 40, 0, 1, { status: 0 });
  const isKnown = async (): Promise<boolean> => {
    const { body } = await service.api('GET', `/v1/sessions/${sid}`);
    return body.notices?.events === 2;
  };
  await waitFor(isKnown, { deadlineMs: 10_000, what: `session ${sid}` });
}

describe('inspect', () => {
  it('shows a session, why it is as it is, and what happened in its order', async () => {
    await lived('inspected');
    const { code, lines } = await run(['inspect', 'inspected']);
    expect(code).toBe(0);
    const [why, what] = [lines.indexOf('Why:'), lines.indexOf('What happened:')];
    const shown = JSON.parse(lines.slice(0, why).join('\n')) as unknown;
    const { body } = await service.api('GET', '/v1/sessions/inspected');
    expect(shown).toEqual(body);
    expect(lines.slice(why, what).join('\n')).toMatch(
      / {2}state = ended\n {4}It is over: its recorder reported the exit/,
    );
    const happened = lines.slice(what + 1);
    expect(happened).toHaveLength(2);
    expect(happened[0]).toMatch(/^ {2}2026-03-02T10:00:01\.000Z {2}notice {7}recorder_started {2}\{/);
    expect(happened[1]).toMatch(/^ {2}2026-03-02T10:00:30\.000Z {2}notice {7}session_exit {2}\{"exitStatus":0\}$/);
  });

  it('shows what was known of a session at an instant, and the evidence that had led to it', async () => {
    await lived('then');
    const { body } = await service.api('GET', '/v1/sessions/then/versions');
    const last = body.versions[0];
    const { code, lines } = await run(['inspect', 'then', '--as-of', last.at as string]);
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(new RegExp(`Version ${String(last.version)}, of .*\\bstate\\b`));
    expect(lines.join('\n')).toMatch(/notice {7}session_exit, received /);
    const before = await run(['inspect', 'then', '--as-of', '2020-01-01T00:00:00Z']);
    expect(before).toEqual({ code: 1, lines: ['Nothing was known of session then at 2020-01-01T00:00:00.000Z.'] });
  });

  it('fails, and says so, where no such session is known', async () => {
    expect(await run(['inspect', 'unknown'])).toEqual({ code: 1, lines: ['No session unknown is known.'] });
  });
});

/** As if an earlier release had come to another conclusion. */
async function misread(sid: string): Promise<void> {
  const { rowCount } = await client.query(
    `update sessions set session = jsonb_set(sessions.session, '{cname}', '"misread"') where sessions.sid = $1`,
    [sid],
  );
  expect(rowCount).toBe(1);
}

const cnameOf = async (sid: string): Promise<unknown> => (await service.api('GET', `/v1/sessions/${sid}`)).body.cname;

describe('refold', () => {
  it('looks at one session alone where that is asked', async () => {
    await lived('chosen');
    await lived('another');
    await misread('chosen');
    await misread('another');
    expect(await run(['refold', '--sid', 'chosen'])).toEqual({
      code: 0,
      lines: ['chosen  cname: misread → lesson', 'The session was changed.'],
    });
    expect([await cnameOf('chosen'), await cnameOf('another')]).toEqual(['lesson', 'misread']);
    expect(await run(['refold', '--sid', 'chosen'])).toEqual({ code: 0, lines: ['The session reads as before.'] });
  });
});

it('says its version, which is that of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await run(['--version'])).toEqual({ code: 0, lines: [version] });
});
