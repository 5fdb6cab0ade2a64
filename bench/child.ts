import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { environment } from '../src/config/environment.js';

export type Child = { pid: number; stop: () => Promise<void> };

/** A Node process of ours; resolves once its output shows that it is ready. */
export async function startChild(
  script: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<Child> {
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname, ...args], {
    env: { PATH: environment()['PATH'], OPS_PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (ready.test(chunk.toString())) resolve();
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${String(code)}`)));
  });
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
