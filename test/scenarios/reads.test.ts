import { jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { openPool } from '../../src/db/connection/database.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { freePort } from '../../src/embedded/free-port.js';
import { unixMs } from '../../src/evidence/instant.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { aRow } from '../support/raw-notifications.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(180_000);

const SID = 'f'.repeat(32);
const NOTICES = 20_000;
const READERS = 10;
const SENDERS = 8;
const MEASURED_MS = 8_000;

const leftovers = clearAfterEach();

/** A session that has been told of for long, as it was received minute by minute. */
async function tellMuch({ url }: TestDatabase): Promise<void> {
  const pool = openPool({ url, maxConnections: 2, applicationName: 'teller', onIdleError: () => undefined });
  const startedMs = Date.now() - NOTICES * 1_000;
  for (let from = 0; from < NOTICES; from += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, n) => {
      const sequence = from + n;
      const receivedMs = unixMs(startedMs + sequence * 1_000);
      return {
        ...aRow(sequence, 33, { msgName: 'uploading_progress', progress: 5_000 }, { sid: SID, sequence, receivedMs }),
        appId: CRASH_APP,
        occurredMs: receivedMs,
      };
    });
    await storeNotices(pool, rows, 1);
  }
  await pool.end();
}

type Latency = { count: number; p50: number; p99: number; max: number };

function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Infinity);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

let made = 0;

/** Notifications of other sessions, each sender one every 20 ms at the most; how long each took. */
async function post(url: string, agent: Agent): Promise<Latency> {
  const times: number[] = [];
  const until = Date.now() + MEASURED_MS;
  const sender = async (): Promise<void> => {
    while (Date.now() < until) {
      made += 1;
      const payload = {
        cname: 'c',
        uid: '1',
        sid: String(made % 50).padStart(32, 'e'),
        sequence: made,
        sendts: Date.now(),
        serviceType: 2,
        details: { msgName: 'uploading_progress', progress: made % 10_000 },
      };
      const body = JSON.stringify({
        noticeId: `r-${String(made)}`,
        productId: 3,
        eventType: 33,
        notifyMs: Date.now(),
        payload,
      });
      const signature = createHmac('sha256', CRASH_SECRET).update(body).digest('hex');
      const begin = performance.now();
      const answer = await request(url, {
        method: 'POST',
        body,
        headers: { 'agora-signature-v2': signature },
        dispatcher: agent,
      });
      await answer.body.dump();
      times.push(performance.now() - begin);
      expect(answer.statusCode).toBe(200);
      await wait(20);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return latencyOf(times);
}

type Page = { timeline: { source: string; sequence: number | null }[]; next: string | null };

async function readPage(url: string, cursor: string | null, agent: Agent): Promise<Page> {
  const at = cursor === null ? '' : `&cursor=${cursor}`;
  const answer = await request(`${url}?limit=500${at}`, { dispatcher: agent });
  expect(answer.statusCode).toBe(200);
  return (await answer.body.json()) as Page;
}

async function readAll(url: string, agent: Agent): Promise<(number | null)[]> {
  const seen: (number | null)[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await readPage(url, cursor, agent);
    seen.push(...page.timeline.map(({ sequence }) => sequence));
    cursor = page.next;
  } while (cursor !== null);
  return seen;
}

/** Readers that go through the whole timeline, and begin again. */
function startReading(url: string, agent: Agent): { stop: () => Promise<number> } {
  let [pages, stopping] = [0, false];
  const reader = async (): Promise<void> => {
    let cursor: string | null = null;
    while (!stopping) {
      cursor = (await readPage(url, cursor, agent)).next;
      pages += 1;
    }
  };
  const readers = Array.from({ length: READERS }, reader);
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(readers);
      return pages;
    },
  };
}

it('ten readers of a history of 20,000 notices do not delay notifications', async () => {
  const [database, folder] = [await createTestDatabase(), await createTestFolder('reads-')];
  const [port, apiPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const [senders, readers] = [new Agent({ connections: SENDERS }), new Agent({ connections: READERS })];
  leftovers.push(
    () => senders.destroy(),
    () => readers.destroy(),
    database.drop,
  );
  await tellMuch(database);
  await startReceiverProcess({ databaseUrl: database.url, spoolDir: folder, port }, 'receiver,api,jobs', {
    API_PORT: String(apiPort),
  });
  const session = `http://127.0.0.1:${String(apiPort)}/v1/sessions/${SID}`;
  const isFolded = async (): Promise<boolean> => {
    const answer = await fetchDocumented(session);
    const { notices } = (await answer.json()) as { notices?: { events: number } };
    return notices?.events === NOTICES;
  };
  await waitFor(isFolded, { deadlineMs: 90_000, what: 'the history to be folded' });
  const url = `http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`;
  const all = await readAll(`${session}/timeline`, readers);
  expect(all).toEqual(Array.from({ length: NOTICES }, (_, sequence) => sequence));
  const alone = await post(url, senders);
  const reading = startReading(`${session}/timeline`, readers);
  const beside = await post(url, senders);
  const pages = await reading.stop();
  console.info(`POST alone ${JSON.stringify(alone)}, beside readers ${JSON.stringify(beside)}, ${String(pages)} pages`);
  expect(pages).toBeGreaterThan(READERS);
  expect(beside.p99).toBeLessThan(Math.max(400, 10 * alone.p99));
  expect(beside.max).toBeLessThan(2_000);
});
