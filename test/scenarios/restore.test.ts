import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { inDatabase } from '../support/acknowledged.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { findPostgresPrograms } from '../support/find-postgres-programs.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { APP, NCS_SECRET, signed } from '../support/service.js';
import { serve, stop, type Serving } from '../support/serving.js';
import { describeWithStandby, startPrimary } from '../support/standby.js';
import { ALIVE, GONE, startStubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(180_000);

const run = promisify(execFile);
const leftovers = clearAfterEach();

/** Is over before the dump is restored, though its end was told after the dump. */
const ENDING = 'a'.repeat(32);
const LIVING = 'b'.repeat(32);
/** Registered after the dump. */
const LATE = 'c'.repeat(32);

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events */
function notification(noticeId: string, sid: string, eventType: number, sequence: number): Buffer {
  const now = Date.now();
  const details = eventType === 11 ? { exitStatus: 0 } : { msgName: 'recorder_started', status: 0 };
  const payload = { cname: 'lesson', uid: '1', sid, sequence, sendts: now, serviceType: 0, details };
  return Buffer.from(JSON.stringify({ noticeId, productId: 3, eventType, notifyMs: now, payload }));
}

async function send(receiver: string, body: Buffer): Promise<void> {
  const answer = await fetch(`${receiver}/ncs/${APP}`, { method: 'POST', body, headers: signed(body) });
  expect(answer.status).toBe(200);
}

async function register({ api }: Serving, sid: string): Promise<void> {
  const told = { appId: APP, resourceId: `resource-of-${sid}`, mode: 'mix', cname: 'lesson', uid: '1' };
  const answer = await fetchDocumented(`${api}/v1/sessions/${sid}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(told),
  });
  expect(answer.status).toBe(201);
}

async function read({ api }: Serving, at: string): Promise<{ status: number; body: any }> {
  const answer = await fetchDocumented(`${api}${at}`);
  return { status: answer.status, body: await answer.json() };
}

async function shows(service: Serving, sid: string, state: string): Promise<any> {
  const session = async (): Promise<any> => {
    const { body } = await read(service, `/v1/sessions/${sid}`);
    return body.state === state ? body : null;
  };
  return waitFor(session, { deadlineMs: 30_000, what: `${sid} to be ${state}` });
}

describeWithStandby('a ledger that is restored from a backup', () => {
  it('has what the dump and the spool hold, finds later ends by queries, and refuses cursors of what is lost', async () => {
    const [primary, agora, folder] = [await startPrimary(), await startStubAgora(), await createTestFolder('restore-')];
    leftovers.push(agora.close, primary.stop);
    await primary.admin.query('create database kept');
    const url = new URL(primary.url);
    url.pathname = '/kept';
    agora.answerWith(ALIVE);
    const env = {
      DATABASE_URL: url.href,
      SPOOL_DIR: path.join(folder, 'spool'),
      RECEIVER_HOST: '127.0.0.1',
      RECEIVER_PORT: '0',
      API_PORT: '0',
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'customer',
      AGORA_CUSTOMER_SECRET: 'secret',
      AGORA_NCS_SECRET: NCS_SECRET,
      AGORA_BASE_URLS: agora.url,
      START_CHECK_AFTER_MS: '500',
      GONE_CONFIRM_MS: '2000',
      GONE_MARGIN_MS: '500',
      ROUTINE_INTERVAL_MS: '3000',
      RETRY_BACKOFF_MS: '300,500',
    };

    const first = await serve(env);
    for (const sid of [ENDING, LIVING]) {
      await register(first, sid);
      await send(first.receiver, notification(`start-of-${sid}`, sid, 40, 0));
      await shows(first, sid, 'recording');
    }
    const backup = await read(first, '/v1/changes?after=0');
    const dump = path.join(folder, 'ledger.dump');
    await run(program('pg_dump'), ['-Fc', '-d', url.href, '-f', dump]);

    const exit = notification('exit', ENDING, 11, 1);
    await send(first.receiver, exit);
    await shows(first, ENDING, 'ended');
    await register(first, LATE);
    const lost = await read(first, `/v1/changes?after=${String(backup.body.next)}&feed=${String(backup.body.feed)}`);
    expect(lost.body.changes.length).toBeGreaterThan(0);
    await stop(first);

    const receiver = await serve({ ...env, ROLES: 'receiver' });
    await primary.admin.query('drop database kept with (force)');
    await send(receiver.receiver, notification('spooled', LIVING, 33, 1));
    await stop(receiver);

    await primary.admin.query('create database kept');
    await run(program('pg_restore'), ['--no-owner', '-d', url.href, dump]);
    agora.answerWith((at) => (at.includes(ENDING) ? GONE : ALIVE));
    const asked = agora.requests.length;
    const second = await serve(env);

    const over = await shows(second, ENDING, 'ended');
    expect(over.outcome).toBe('vanished'); // its exit notice is lost with what came after the dump
    const isAsked = (): boolean => agora.requests.slice(asked).some(({ path: at }) => at.includes(LIVING));
    await waitFor(isAsked, { deadlineMs: 10_000, what: 'a query about the one that lives' });
    await shows(second, LIVING, 'recording');

    await send(second.receiver, notification(`start-of-${LIVING}`, LIVING, 40, 0));
    const noticed = await inDatabase(url.href, (client) =>
      client.query<{ id: string }>(`select notice_id as id from notices order by notice_id`),
    );
    expect(noticed.rows.map(({ id }) => id)).toEqual(['spooled', `start-of-${ENDING}`, `start-of-${LIVING}`]);

    expect((await read(second, `/v1/sessions/${LATE}`)).status).toBe(404);
    await register(second, LATE);
    const old = await read(second, `/v1/changes?after=${String(lost.body.next)}&feed=${String(lost.body.feed)}`);
    expect(old).toMatchObject({ status: 410, body: { detail: expect.stringContaining('feed') } });
  });
});

function program(name: string): string {
  return path.join(findPostgresPrograms() ?? '', name);
}
