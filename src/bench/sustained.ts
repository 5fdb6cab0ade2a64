import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { migrate } from '../db/migrate.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { percentiles } from '../simulator/score.js';
import { freePort, startChild } from './child.js';

const PER_SECOND = 500;
const SESSIONS = 5_000;
const SECONDS = 60;
const PROBE_EVERY_MS = 100;
/** A process that has just started is slow for two seconds: these are not counted. */
const WARM_UP_MS = 5_000;
/** Rarely enough that looking does not become the load. */
const POLL_MS = 50;
const SECRET = 'bench-secret';

type Target = { receiver: string; api: string; agent: Agent; run: string };

/**
 * How soon a notice is in `GET /v1/sessions/{sid}` while 500 a second come in over 5,000 sessions, for
 * a minute or as many seconds as given; and the memory of the service after a minute and at the end.
 */
export async function sustained(args: readonly string[]): Promise<void> {
  const seconds = Number(args[0] ?? SECONDS);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'recording-ledger-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  await migrate(postgres.url);
  const [receiver, api] = [await freePort(), await freePort()];
  const service = await startChild('../main.js', [], {
    DATABASE_URL: postgres.url,
    SPOOL_DIR: path.join(dataDir, 'spool'),
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: String(receiver),
    API_PORT: String(api),
    AGORA_APP_ID: 'bench',
    AGORA_CUSTOMER_ID: 'bench',
    AGORA_CUSTOMER_SECRET: 'bench',
    AGORA_NCS_SECRET: SECRET,
    AGORA_BASE_URLS: 'http://127.0.0.1:9',
  }, /service\.started/); // prettier-ignore
  const target: Target = {
    receiver: `http://127.0.0.1:${String(receiver)}/ncs/bench`,
    api: `http://127.0.0.1:${String(api)}/v1/sessions`,
    agent: new Agent({ connections: 64 }),
    run: randomBytes(8).toString('hex'),
  };
  try {
    await hold(target, seconds, service.pid);
  } finally {
    await target.agent.destroy();
    await service.stop();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function hold(target: Target, seconds: number, pid: number): Promise<void> {
  const delays: number[] = [];
  const failures: number[] = [];
  const posts = new Set<Promise<void>>();
  const begin = Date.now();
  let [sent, probedAt] = [0, 0];
  let rssAfterMinute = 0;
  while (Date.now() - begin < seconds * 1_000) {
    const due = Math.floor(((Date.now() - begin) / 1_000) * PER_SECOND);
    for (; sent < due; sent += 1) {
      const isProbe = Date.now() - begin > WARM_UP_MS && Date.now() - probedAt >= PROBE_EVERY_MS; // prettier-ignore
      if (isProbe) probedAt = Date.now();
      const post = send(target, sent, isProbe ? delays : null, failures).finally(() => posts.delete(post)); // prettier-ignore
      posts.add(post);
    }
    if (rssAfterMinute === 0 && Date.now() - begin >= 59_000) rssAfterMinute = await rssOf(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(posts);
  const rssAtEnd = await rssOf(pid);
  const { p50, p95, p99, max } = percentiles(delays);
  print(`sustained: ${String(PER_SECOND)} notifications/s for ${String(seconds)} s over ${SESSIONS.toLocaleString('en')} sessions, ${String(sent)} sent, ${String(failures.length)} not answered 200`); // prettier-ignore
  print(`  from sending to GET /v1/sessions/{sid}: p50 ${String(p50)} ms, p95 ${String(p95)} ms, p99 ${String(p99)} ms, max ${String(max)} ms (${String(delays.length)} probes)`); // prettier-ignore
  if (rssAfterMinute > 0) print(`  rss after a minute ${mib(rssAfterMinute)}, at the end ${mib(rssAtEnd)}: ratio ${(rssAtEnd / rssAfterMinute).toFixed(2)}`); // prettier-ignore
}

/** Posts the `n`-th notification, and for a probe waits until the session shows it. */
async function send(
  { receiver, api, agent, run }: Target,
  n: number,
  delays: number[] | null,
  failures: number[],
): Promise<void> {
  const begin = Date.now();
  const sid = `${run}${String(n % SESSIONS).padStart(16, '0')}`;
  const sequence = Math.floor(n / SESSIONS);
  const payload = { cname: 'c', uid: '1', sid, sequence, sendts: begin, serviceType: 2, details: { msgName: 'uploading_progress', progress: n % 10_000 } }; // prettier-ignore
  const body = JSON.stringify({ noticeId: `${run}-${String(n)}`, productId: 3, eventType: 33, notifyMs: begin, sid, payload }); // prettier-ignore
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'agora-signature-v2': signature };
  const { statusCode, body: answer } = await request(receiver, { method: 'POST', body, headers, dispatcher: agent }); // prettier-ignore
  await answer.dump();
  if (statusCode !== 200) failures.push(statusCode);
  if (delays === null || statusCode !== 200) return;
  while ((await eventsOf(`${api}/${sid}`, agent)) <= sequence) await new Promise((resolve) => setTimeout(resolve, POLL_MS)); // prettier-ignore
  delays.push(Date.now() - begin);
}

async function eventsOf(url: string, agent: Agent): Promise<number> {
  const { statusCode, body } = await request(url, { dispatcher: agent });
  const session = (await body.json()) as { notices?: { events: number } };
  return statusCode === 200 ? (session.notices?.events ?? 0) : 0;
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
