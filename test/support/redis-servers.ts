import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/embedded/free-port.js';
import { createTestFolder } from './folder.js';
import { startProgram, type TestProcess } from './processes.js';
import { waitFor } from './wait-for.js';

/** Several Redis that stand in for each other. Its processes end with the test's. */
export type RedisGroup = {
  /** What a service is given to reach it. */
  env: Readonly<Record<string, string>>;
  /** The server that is the master now. */
  findMaster: () => Promise<RedisServer>;
  /** Resolves once every master has its replicas again. */
  isWhole: () => Promise<unknown>;
  /** What its servers said, for a test that failed. */
  lastWords: () => string;
};

export type RedisServer = {
  port: number;
  output: () => string;
  kill: (signal: NodeJS.Signals) => void;
  /** Starts it again, as it was, after it was killed. */
  restart: () => Promise<void>;
};

const HOST = '127.0.0.1';
/** After so long without a word a master counts as gone. What the documents of this project recommend. */
const GONE_AFTER_MS = 5_000;

async function startServer(args: readonly string[]): Promise<RedisServer> {
  const [port, dir] = [await freePort(HOST), await createTestFolder('redis-')];
  const own = ['--port', String(port), '--bind', HOST, '--dir', dir, '--save', '', '--protected-mode', 'no'];
  const begin = (): TestProcess => startProgram('redis-server', [...own, ...args]);
  let running = begin();
  const answers = (): Promise<unknown> => waitFor(() => ask(port, 'ping'), { deadlineMs: 10_000, what: 'a Redis' });
  await answers();
  return {
    port,
    output: () => running.output(),
    kill: (signal) => running.kill(signal),
    restart: async () => {
      await running.ended;
      running = begin();
      await answers();
    },
  };
}

/** A command of its own connection, which is closed again. */
async function ask(port: number, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(port, HOST, { lazyConnect: true, retryStrategy: () => null, commandTimeout: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

/** One master, two replicas, and three Sentinels that watch it as `main`. */
export async function startSentinels(): Promise<RedisGroup> {
  const master = await startServer([]);
  const replicaOf = ['--replicaof', `${HOST} ${String(master.port)}`];
  const servers = [master, await startServer(replicaOf), await startServer(replicaOf)];
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(master.port)));
  const areReady = async (): Promise<boolean> => {
    const known = await Promise.all(sentinels.map((port) => ask(port, 'sentinel', 'ckquorum', 'main').then(String)));
    const replicas = await Promise.all(sentinels.map((port) => ask(port, 'sentinel', 'replicas', 'main')));
    const linked = await Promise.all(servers.map(({ port }) => ask(port, 'info', 'replication').then(String)));
    return (
      known.every((told) => told.startsWith('OK 3')) &&
      replicas.every((all) => Array.isArray(all) && all.length === 2) &&
      linked.filter((info) => info.includes('master_link_status:up')).length === 2
    );
  };
  const isWhole = (): Promise<unknown> =>
    waitFor(areReady, { deadlineMs: 20_000, what: 'three Sentinels, and two replicas' });
  await isWhole();
  return {
    isWhole,
    lastWords: () => wordsOf(servers),
    env: { REDIS_SENTINELS: sentinels.map((port) => `${HOST}:${String(port)}`).join(), REDIS_SENTINEL_NAME: 'main' },
    findMaster: async () => {
      const told = await ask(sentinels[0] ?? 0, 'sentinel', 'get-master-addr-by-name', 'main');
      const port = Array.isArray(told) ? Number(told[1]) : 0;
      return serverAt(servers, port);
    },
  };
}

async function startSentinel(masterPort: number): Promise<number> {
  const [port, dir] = [await freePort(HOST), await createTestFolder('sentinel-')];
  const file = join(dir, 'sentinel.conf');
  const lines = [
    `port ${String(port)}`,
    `bind ${HOST}`,
    `dir ${dir}`,
    'protected-mode no',
    `sentinel monitor main ${HOST} ${String(masterPort)} 2`,
    `sentinel down-after-milliseconds main ${String(GONE_AFTER_MS)}`,
    'sentinel failover-timeout main 10000',
  ];
  await writeFile(file, lines.join('\n'));
  startProgram('redis-server', [file, '--sentinel']);
  await waitFor(() => ask(port, 'ping'), { deadlineMs: 10_000, what: 'a Sentinel' });
  return port;
}

function wordsOf(servers: readonly RedisServer[]): string {
  return servers.map(({ port, output }) => `${String(port)}: ${output().slice(-1_500)}`).join('\n');
}

function serverAt(servers: readonly RedisServer[], port: number): RedisServer {
  const found = servers.find((server) => server.port === port);
  if (found === undefined) throw new Error(`no Redis of these listens at ${String(port)}`);
  return found;
}
