import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type DemoFolder = {
  path: string;
  /** Resolves once it is gone, with whatever ran in it. */
  remove: () => Promise<void>;
};

const SWEEPER = fileURLToPath(new URL('./sweep-folder.js', import.meta.url));

/**
 * A new folder that goes with this process, however that ends. A process that is killed clears nothing
 * away, so a second one does: it waits, in a session of its own, until its standard input ends, which
 * the kernel sees to.
 */
export async function openDemoFolder(): Promise<DemoFolder> {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), 'recording-ledger-demo-'));
  const sweeper = spawn(process.execPath, [SWEEPER, folder], {
    cwd: path.parse(folder).root,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(sweeper, 'exit');
  sweeper.unref();
  return {
    path: folder,
    remove: async () => {
      sweeper.ref();
      sweeper.stdin.end();
      await ended;
    },
  };
}
