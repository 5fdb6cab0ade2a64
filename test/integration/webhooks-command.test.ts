import { jest } from '@jest/globals';
import { endProcesses, startNode, type TestProcess } from '../support/processes.js';
import { APP, NCS_SECRET, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

const KEY = 'a-key-for-the-tests-only';

let service: TestService;
let receiver: WebhookReceiver;

beforeAll(async () => {
  const env = { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1', WEBHOOK_RETRY_SCHEDULE_MS: '100', SECRETS_KEY: KEY };
  service = await startTestService(env);
  receiver = await startWebhookReceiver();
});
afterAll(async () => {
  await endProcesses();
  await receiver.close();
  await service.close();
});

function start(args: readonly string[]): TestProcess {
  return startNode(['dist/cli/main.js', 'webhooks', ...args], {
    env: {
      DATABASE_URL: service.database.url,
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'c',
      AGORA_CUSTOMER_SECRET: 's',
      AGORA_NCS_SECRET: NCS_SECRET,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      SECRETS_KEY: KEY,
    },
  });
}

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = start(args);
  const { code } = await command.ended;
  return { code, output: command.output() };
}

/** Makes an endpoint as a person does, and gives its secret to the receiver. */
async function add(...more: string[]): Promise<string> {
  const { code, output } = await run('add', receiver.url, ...more);
  expect({ code, output }).toMatchObject({ code: 0 });
  const [id = '', secret = ''] = output.trim().split('\n');
  expect(secret).toMatch(/^whsec_/);
  receiver.secrets.push(secret);
  return id;
}

describe('recording-ledger webhooks', () => {
  it('makes an endpoint, tests it, and shows in its log what came of it', async () => {
    const id = await add('--types', 'session.ended', 'session.failed', '--description', 'billing');
    expect((await service.api('GET', `/v1/webhooks/${id}`)).body).toMatchObject({
      description: 'billing',
      types: ['session.ended', 'session.failed'],
      appIds: null,
    });
    const following = start(['tail', id]);
    expect((await run('test', id)).code).toBe(0);
    await following.says(/delivered {2}webhook\.test {2}204 \(1 try\)/);
    following.kill('SIGINT');
    expect((await following.ended).code).toBe(0);
    expect(receiver.complaints).toEqual([]);
    expect((await run('tail', id, '--no-follow')).output).toMatch(/delivered {2}webhook\.test/);
    const { output } = await run('list');
    expect(output).toContain(`${id}  active  ${receiver.url}  (billing)`);
    expect(output).toContain('wants session.ended, session.failed');
  });

  it('pauses, resumes, and sends again what is parked or what is in the feed', async () => {
    receiver.answer = () => 500;
    const id = await add('--types', 'webhook.test');
    await run('test', id);
    const parked = async (): Promise<boolean> => {
      return (await service.api('GET', `/v1/webhooks/${id}/deliveries?state=parked`)).body.deliveries.length === 1;
    };
    await waitFor(parked, { deadlineMs: 15_000, what: 'a parked delivery' });
    expect((await run('list')).output).toMatch(/1 are parked\n {2}failing since/);
    expect((await run('pause', id)).output).toBe(`${id} is paused.\n`);
    expect((await run('redrive', id)).output).toBe('1 parked deliveries go out again.\n');
    receiver.answer = () => 200;
    expect((await run('resume', id)).output).toBe(`${id} is active.\n`);
    const following = start(['tail', id]);
    await following.says(/delivered {2}webhook\.test/);
    expect((await run('redrive', id, '--from', '1')).output).toBe('Everything from cursor 1 on goes out again.\n');
    const atAnInstant = await run('redrive', id, '--from', '2026-03-02T10:00:00Z');
    expect(atAnInstant.output).toMatch(/^Everything from cursor \d+ on/);
  });

  it('says what is wrong with an address, a type, a place or an id', async () => {
    const address = await run('add', 'http://10.0.0.1/hook');
    expect(address.code).toBe(1);
    expect(address.output).toMatch(/10\.0\.0\.1|https/);
    expect(await run('add', receiver.url, '--types', 'session.exploded')).toMatchObject({ code: 1 });
    expect((await run('redrive', 'ep_none', '--from', 'yesterday-ish')).output).toContain('It is a cursor');
    const unknown = await run('pause', 'ep_none');
    expect(unknown).toEqual({ code: 1, output: expect.stringContaining('No endpoint ep_none is known') });
  });

  it('explains itself', async () => {
    const { code, output } = await run('--help');
    expect(code).toBe(0);
    for (const name of ['list', 'add', 'test', 'pause', 'resume', 'redrive', 'tail']) {
      expect(output).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });
});
