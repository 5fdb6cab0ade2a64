import { jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../src/embedded/free-port.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startPosting } from '../support/posting.js';
import { endProcesses, type TestProcess } from '../support/processes.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(90_000);

type Limits = { userLimits: { open_files: { soft: number | 'unlimited' } } };

/** As many as this machine lets a process have open, ten thousand at the most. */
const { soft } = (process.report.getReport() as unknown as Limits).userLimits.open_files;
const IDLE = Math.min(10_000, soft === 'unlimited' ? 10_000 : soft - 2_000);

let database: TestDatabase;
let folder: string;
let port: number;
let service: TestProcess;
const sockets: Socket[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-hostile-'));
  port = await freePort('127.0.0.1');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await endProcesses();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
  service = await startReceiverProcess({ databaseUrl: database.url, spoolDir: folder, port }, 'receiver', more);
}

type RawConnection = { socket: Socket; said: () => string; closed: Promise<unknown> };

async function open(): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let said = '';
  socket.on('data', (chunk) => (said += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, said: () => said, closed };
}

/** Not all at once: a full backlog would leave some half open, which is the kernel's affair. */
async function openMany(count: number): Promise<RawConnection[]> {
  const all: RawConnection[] = [];
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: 250 }, open))));
  return all;
}

const sign = (body: string): string => createHmac('sha256', CRASH_SECRET).update(body).digest('hex');

async function post(body: string, signature = sign(body)): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`, {
    method: 'POST',
    body,
    headers: { 'agora-signature-v2': signature },
  });
  await response.arrayBuffer();
  return response.status;
}

const aBody = (noticeId: string, more = ''): string =>
  `{"noticeId":"${noticeId}","productId":3,"eventType":40,"notifyMs":1790000000000,${more}"payload":{"cname":"c","uid":"1","sid":"${'a'.repeat(32)}","sequence":1,"sendts":1790000000000,"serviceType":1,"details":{}}}`;

async function inLedger<T extends object>(sql: string, values: unknown[] = []): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<T>(sql, values);
  await client.end();
  if (rows[0] === undefined) throw new Error(`no row: ${sql}`);
  return rows[0];
}

const kept = () =>
  inLedger<{ notices: number; repeats: number; quarantined: number }>(
    `select (select count(*)::int from notices) as notices, (select count(*)::int from repeated_deliveries) as repeats,
            (select count(*)::int from quarantined_bodies) as quarantined`,
  );

/** What everybody can write: whether it fits is told by the body alone. */
const LOOKS_SIGNED = `agora-signature-v2: ${'0'.repeat(64)}\r\n`;

describe('the public listener', () => {
  it('serves others while thousands of connections are idle, half a request long, or dead slow', async () => {
    await start();
    const idle = await openMany(IDLE);
    const slow = await Promise.all(Array.from({ length: 200 }, () => open()));
    for (const { socket } of slow)
      socket.write(`POST /ncs/${CRASH_APP} HTTP/1.1\r\nhost: x\r\n${LOOKS_SIGNED}content-length: 900\r\n\r\n{"no`);
    const used = await open();
    used.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const halfHeaders = await open();
    halfHeaders.socket.write('POST /ncs/x HTTP/1.1\r\nho');
    const begin = Date.now();
    for (let n = 0; n < 50; n += 1) expect(await post(aBody(`n${String(n)}`))).toBe(200);
    expect(Date.now() - begin).toBeLessThan(5_000);
    await Promise.all([...slow.map(({ closed }) => closed), halfHeaders.closed]);
    expect(Date.now() - begin).toBeLessThan(20_000);
    expect(slow.every(({ said }) => said().startsWith('HTTP/1.1 408'))).toBe(true);
    await Promise.all(idle.map(({ closed }) => closed));
    expect(used.socket.destroyed).toBe(false);
    expect(await post(aBody('last'))).toBe(200);
  });

  it('refuses a flood of headers, and takes nothing of a request that breaks off', async () => {
    await start();
    const flood = await open();
    flood.socket.write(`POST /ncs/x HTTP/1.1\r\nhost: x\r\nx-flood: ${'a'.repeat(100_000)}\r\n\r\n`);
    await flood.closed;
    expect(flood.said()).toMatch(/^HTTP\/1\.1 431/);
    const body = aBody('broken off');
    const broken = await open();
    broken.socket.write(
      `POST /ncs/${CRASH_APP} HTTP/1.1\r\nhost: x\r\nagora-signature-v2: ${sign(body)}\r\ncontent-length: ${String(body.length)}\r\n\r\n${body.slice(0, -20)}`,
    );
    broken.socket.end();
    await broken.closed;
    expect(await post(aBody('whole'))).toBe(200);
    expect(await kept()).toEqual({ notices: 1, repeats: 0, quarantined: 0 });
  });

  it('takes no more into memory than it has room for, and has the room again when senders break off', async () => {
    await start();
    const senders = await openMany(250);
    const head = `POST /ncs/${CRASH_APP} HTTP/1.1\r\nhost: x\r\n${LOOKS_SIGNED}content-length: 1000000\r\n\r\n${'{'.repeat(900_000)}`;
    for (const { socket } of senders) socket.write(head);
    const refused = (): number => senders.filter(({ said }) => said().startsWith('HTTP/1.1 503')).length;
    await waitFor(() => refused() > 100, { deadlineMs: 10_000, what: 'refusals' });
    expect(await post(aBody('refused', `"pad":"${'x'.repeat(980_000)}",`))).toBe(503);
    for (let n = 0; n < 100; n += 1) expect(await post(aBody(`beside ${String(n)}`))).toBe(200);
    for (const [n, { socket }] of senders.entries()) {
      if (n % 2 === 0) socket.destroy();
      else socket.end();
    }
    await waitFor(async () => (await post(aBody('large', `"pad":"${'x'.repeat(980_000)}",`))) === 200, {
      deadlineMs: 15_000,
      what: 'room',
    });
  });

  it('takes every signed notification while others announce bodies that never come', async () => {
    await start();
    const announced = (headers: string) =>
      `POST /ncs/${CRASH_APP} HTTP/1.1\r\nhost: x\r\n${headers}content-length: 1000000\r\n\r\n`;
    const idle = await openMany(320);
    for (const [n, { socket }] of idle.entries()) socket.write(announced(n % 2 === 0 ? '' : LOOKS_SIGNED));
    const statuses = [];
    for (let n = 0; n < 500; n += 1) statuses.push(await post(aBody(`n${String(n)}`)));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const unsigned = idle.filter((_, n) => n % 2 === 0);
    expect(unsigned.every(({ said }) => said().startsWith('HTTP/1.1 401'))).toBe(true);
    expect(await post(aBody('large', `"pad":"${'x'.repeat(980_000)}",`))).toBe(200);
  });

  it('keeps what is signed as it came, whatever is in it, and once however often it is replayed', async () => {
    await start();
    const polluting = aBody('p', '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},');
    const twice = aBody('d', '"noticeId":"other","eventType":41,');
    for (let n = 0; n < 3; n += 1) expect(await post(polluting)).toBe(200);
    expect(await post(twice)).toBe(200);
    expect(await post(polluting.slice(0, -9))).toBe(200);
    expect(await post(polluting, sign(`${polluting} `))).toBe(401);
    expect(await kept()).toEqual({ notices: 2, repeats: 2, quarantined: 1 });
    const { raw } = await inLedger<{ raw: string }>(`select raw from notices where raw like '%__proto__%'`);
    expect(raw).toBe(polluting);
  });

  it('answers 503 at once where it can keep nothing more, loses nothing it took, and recovers alone', async () => {
    await start({ SPOOL_MAX_BYTES: '1048576' });
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    await client.query('lock table notices in access exclusive mode');
    const posting = startPosting(`http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`, CRASH_SECRET, 32);
    await waitFor(() => (posting.statuses()['503'] ?? 0) > 100, { deadlineMs: 30_000, what: 'a refusal' });
    const large = aBody('x', `"pad":"${'x'.repeat(60_000)}",`);
    const response = await fetch(`http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`, {
      method: 'POST',
      body: large,
      headers: { 'agora-signature-v2': sign(large) },
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    await client.query('rollback');
    await client.end();
    const taken = posting.acknowledged().length;
    await waitFor(() => posting.acknowledged().length > taken + 500, {
      deadlineMs: 20_000,
      what: 'new acknowledgements',
    });
    await posting.stop();
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    const { missing } = await inLedger<{ missing: number }>(
      `select count(*)::int as missing from unnest($1::text[]) as told (id)
       where not exists (select from notices where notices.notice_id = told.id)`,
      [posting.acknowledged()],
    );
    expect(missing).toBe(0);
  });
});
