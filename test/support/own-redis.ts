import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../../src/embedded/free-port.js';
import { waitFor } from './wait-for.js';

/** A Redis of one test's own, which it may stop, pause and start again at the same port. */
export type OwnRedis = {
  url: string;
  pause: () => void;
  goOn: () => void;
  kill: () => Promise<void>;
  start: () => Promise<void>;
};

/** Keeps nothing on disk: killed and started again, it is empty. `more` are further arguments of the server. */
export async function startOwnRedis(more: readonly string[] = []): Promise<OwnRedis> {
  const port = await freePort('127.0.0.1');
  const url = `redis://127.0.0.1:${String(port)}`;
  let server: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await waitFor(() => isThere(url), { deadlineMs: 10_000, what: 'Redis' });
  };
  await start();
  return {
    url,
    start,
    pause: () => void server?.kill('SIGSTOP'),
    goOn: () => void server?.kill('SIGCONT'),
    kill: async () => {
      if (server === null || server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
  };
}

async function isThere(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}
