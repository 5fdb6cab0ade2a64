import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from 'undici';
import { withBenchServer, type BenchServer } from './bench-server.js';
import { freePort, median, startChild, type Child } from './child.js';
import { print } from './print.js';
import { startService } from './service.js';

const ROUNDS = 4;
const SECONDS = 5;
const PER_SECOND = 500;
/** Each call holds its slot for a second and longer: with so many, none waits for one. */
const LIMIT = 3_000;
const BASIC = `Basic ${Buffer.from('bench:bench').toString('base64')}`;
const QUERY = '/v1/apps/bench/cloud_recording/resourceid/resource/sid/bench-session/mode/mix/query';
const START = '/v1/apps/bench/cloud_recording/resourceid/resource/mode/mix/start';

type Measured = { p50: number; p99: number; failed: number };
type Contender = { name: string; base: string; rounds: Measured[] };

/**
 * 500 calls of `query` a second to a fake Agora: directly, through this service, and through
 * http-proxy-middleware, which keeps nothing and limits nothing. Interleaved; `--write` renews docs/benchmarks.md.
 */
export async function passThrough(args: readonly string[]): Promise<void> {
  await withBenchServer(async (server) => {
    const children: Child[] = [];
    try {
      const contenders = await startContenders(server, children);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const contender of contenders) contender.rounds.push(await load(contender.base, SECONDS));
      }
      const rows = tableOf(contenders);
      print(rows.join('\n'));
      if (args.includes('--write')) writeTable(rows);
    } finally {
      for (const child of children.toReversed()) await child.stop();
    }
  });
}

async function startContenders(server: BenchServer, children: Child[]): Promise<Contender[]> {
  const [fake, proxy] = [await freePort(), await freePort()];
  const fakeUrl = `http://127.0.0.1:${String(fake)}`;
  children.push(await startChild('pass-contender.js', ['fake', String(fake)], {}, /listening/));
  children.push(await startChild('pass-contender.js', ['proxy', String(proxy), fakeUrl], {}, /listening/));
  const settings = { AGORA_BASE_URLS: fakeUrl, AGORA_PASS_THROUGH: 'on', AGORA_QPS: String(LIMIT) };
  const service = await startService(server, settings);
  children.push(service);
  await start(`${service.apiUrl}/agora`);
  const contenders = [
    { name: 'directly', base: fakeUrl, rounds: [] },
    { name: 'through this service', base: `${service.apiUrl}/agora`, rounds: [] },
    { name: 'http-proxy-middleware', base: `http://127.0.0.1:${String(proxy)}/agora`, rounds: [] },
  ];
  for (const { base } of contenders) await load(base, 3); // warm
  return contenders;
}

/** So that the answers of `query` are about a session that is registered, and become observations. */
async function start(base: string): Promise<void> {
  const headers = { authorization: BASIC, 'content-type': 'application/json' };
  const body = JSON.stringify({ cname: 'room', uid: '1', clientRequest: {} });
  await fetch(`${base}${START}`, { method: 'POST', headers, body });
}

async function load(base: string, seconds: number): Promise<Measured> {
  const agent = new Agent({ connections: 128, pipelining: 1 });
  const { origin, pathname } = new URL(base);
  const path = `${pathname.replace(/\/$/, '')}${QUERY}`;
  const tookMs: number[] = [];
  let failed = 0;
  const call = async (): Promise<void> => {
    const from = performance.now();
    const { statusCode, body } = await agent.request({
      origin,
      path,
      method: 'GET',
      headers: { authorization: BASIC },
    });
    await body.text();
    tookMs.push(performance.now() - from);
    if (statusCode !== 200) failed += 1;
  };
  const from = performance.now();
  const calls: Promise<void>[] = [];
  while (calls.length < seconds * PER_SECOND) {
    const due = Math.min(((performance.now() - from) / 1_000) * PER_SECOND, seconds * PER_SECOND);
    while (calls.length < due) calls.push(call());
    await wait(1);
  }
  await Promise.all(calls);
  await agent.close();
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), failed };
}

function tableOf(contenders: readonly Contender[]): string[] {
  const of = ({ rounds }: Contender, pick: (one: Measured) => number): number => median(rounds.map(pick));
  const [direct] = contenders;
  const rows = contenders.map((contender) => {
    const [p50, p99] = [of(contender, (one) => one.p50), of(contender, (one) => one.p99)];
    const added = (mine: number, pick: (one: Measured) => number): string =>
      direct === undefined || direct === contender ? '' : (mine - of(direct, pick)).toFixed(2);
    const failed = contender.rounds.reduce((sum, one) => sum + one.failed, 0);
    const times = `${p50.toFixed(2)} | ${p99.toFixed(2)} | ${added(p50, (one) => one.p50)} | ${added(p99, (one) => one.p99)}`;
    return `| ${contender.name} | ${times} | ${String(failed)} |`;
  });
  const head = '| 500 calls/s | p50 ms | p99 ms | added to p50 | added to p99 | not 200 |';
  return [head, '| --- | --: | --: | --: | --: | --: |', ...rows];
}

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const BEGIN = '<!-- pass-through: written by `npm run bench -- pass-through --write` -->';
const END = '<!-- /pass-through -->';

function writeTable(rows: readonly string[]): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before] = text.split(BEGIN);
  const after = text.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/benchmarks.md has no ${BEGIN}`);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${rows.join('\n')}\n\n${END}${after}`);
}
