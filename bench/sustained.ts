import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { percentiles } from '../src/simulator/score.js';
import { withBenchServer } from './bench-server.js';
import { print } from './print.js';
import { BENCH_SECRET, startService, type BenchService } from './service.js';

const PER_SECOND = 500;
const SESSIONS = 5_000;
const SECONDS = 60;
const PROBE_EVERY_MS = 100;
/** Rarely enough that looking does not become the load. */
const POLL_MS = 50;

type Target = BenchService & { agent: Agent; run: string };

/**
 * How soon a notice is in `GET /v1/sessions/{sid}` while 500 a second come in over 5,000 sessions, from
 * the first moment of a fresh process on, for a minute; or for as many seconds as given first, at the rate
 * given second. And the memory of the service after a minute and at the end.
 */
export async function sustained(args: readonly string[]): Promise<void> {
  const [seconds, perSecond] = [Number(args[0] ?? SECONDS), Number(args[1] ?? PER_SECOND)];
  await withBenchServer(async (place) => {
    const service = await startService(place);
    const agent = new Agent({ connections: 64 });
    const run = randomBytes(8).toString('hex');
    try {
      await hold({ ...service, agent, run }, seconds, perSecond);
    } finally {
      await agent.destroy();
      await service.stop();
    }
  });
}

async function hold(target: Target, seconds: number, perSecond: number): Promise<void> {
  const delays: number[] = [];
  const failures: number[] = [];
  const posts = new Set<Promise<void>>();
  const begin = Date.now();
  let [sent, probedAt] = [0, 0];
  let rssAfterMinute = 0;
  while (Date.now() - begin < seconds * 1_000) {
    const due = Math.floor(((Date.now() - begin) / 1_000) * perSecond);
    for (; sent < due; sent += 1) {
      const isProbe = Date.now() - probedAt >= PROBE_EVERY_MS;
      if (isProbe) probedAt = Date.now();
      const post = send(target, sent, isProbe ? delays : null, failures).finally(() => posts.delete(post));
      posts.add(post);
    }
    if (rssAfterMinute === 0 && Date.now() - begin >= 59_000) rssAfterMinute = await rssOf(target.pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(posts);
  const rssAtEnd = await rssOf(target.pid);
  const { p50, p95, p99, max } = percentiles(delays);
  print(
    `sustained: ${String(perSecond)} notifications/s for ${String(seconds)} s over ${SESSIONS.toLocaleString('en')} sessions, ${String(sent)} sent, ${String(failures.length)} not answered 200`,
  );
  print(
    `  from sending to GET /v1/sessions/{sid}: p50 ${String(p50)} ms, p95 ${String(p95)} ms, p99 ${String(p99)} ms, max ${String(max)} ms (${String(delays.length)} probes)`,
  );
  if (rssAfterMinute > 0)
    print(
      `  rss after a minute ${mib(rssAfterMinute)}, at the end ${mib(rssAtEnd)}: ratio ${(rssAtEnd / rssAfterMinute).toFixed(2)}`,
    );
}

/** Posts the `n`-th notification, and for a probe waits until the session shows it. */
async function send(
  { notifyUrl, apiUrl, agent, run }: Target,
  n: number,
  delays: number[] | null,
  failures: number[],
): Promise<void> {
  const begin = Date.now();
  const sid = `${run}${String(n % SESSIONS).padStart(16, '0')}`;
  const sequence = Math.floor(n / SESSIONS);
  const payload = {
    cname: 'c',
    uid: '1',
    sid,
    sequence,
    sendts: begin,
    serviceType: 2,
    details: { msgName: 'uploading_progress', progress: n % 10_000 },
  };
  const body = JSON.stringify({
    noticeId: `${run}-${String(n)}`,
    productId: 3,
    eventType: 33,
    notifyMs: begin,
    sid,
    payload,
  });
  const signature = createHmac('sha256', BENCH_SECRET).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'agora-signature-v2': signature };
  const { statusCode, body: answer } = await request(notifyUrl, { method: 'POST', body, headers, dispatcher: agent });
  await answer.dump();
  if (statusCode !== 200) failures.push(statusCode);
  if (delays === null || statusCode !== 200) return;
  while ((await eventsOf(`${apiUrl}/v1/sessions/${sid}`, agent)) <= sequence)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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
