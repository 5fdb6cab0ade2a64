import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

const START_DEADLINE_MS = 10_000;
/** One for each test file that asks, see redis.ts. */
const DATABASES = 1024;

/** TEST_REDIS_URL, or a Redis of our own without persistence, or null, which it says in one line. */
export async function startRedis(folder) {
  const given = process.env['TEST_REDIS_URL'];
  if (given) return { url: given, stop: async () => undefined };
  const started = await startOwnRedis(folder);
  if (started !== null) return started;
  const reason = 'redis-server is not on the PATH and TEST_REDIS_URL is not set';
  if (process.env['REQUIRE_REDIS'] === '1') throw new Error(`REQUIRE_REDIS=1, but ${reason}.`);
  process.stderr.write(`Without Redis: ${reason}. Everything runs on Postgres alone.\n`);
  return null;
}

async function startOwnRedis(folder) {
  const { freePort } = await import('../../dist/embedded/free-port.js');
  const port = await freePort('127.0.0.1');
  const settings = {
    port,
    bind: '127.0.0.1',
    save: '',
    appendonly: 'no',
    databases: DATABASES,
    dir: folder,
    pidfile: join(folder, 'redis.pid'),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    server.once('exit', resolve);
    server.once('error', resolve);
  });
  if (!(await answers(port, ended))) return null;
  const stop = async () => {
    server.kill();
    await ended;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function answers(port, ended) {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  let over = false;
  void ended.then(() => (over = true));
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!over && performance.now() < deadline) {
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    if (connected) {
      client.disconnect();
      await once(client, 'end');
      return true;
    }
    await delay(20);
  }
  return false;
}
