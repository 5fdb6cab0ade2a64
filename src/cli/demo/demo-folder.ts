import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export type DemoFolder = {
  path: string;
  /** Resolves once it is gone, with whatever ran in it. */
  remove: () => Promise<void>;
};

const KEEPER = fileURLToPath(new URL('./keep-folder.js', import.meta.url));

/**
 * A new folder that goes with this process, however that ends. A process that is killed clears nothing
 * away, so a second one makes the folder and removes it: it waits, in a session of its own, until its
 * standard input ends, which the kernel sees to.
 */
export async function openDemoFolder(): Promise<DemoFolder> {
  const keeper = spawn(process.execPath, [KEEPER], { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(keeper, 'exit');
  const [folder, complaint] = await Promise.all([text(keeper.stdout), text(keeper.stderr)]);
  if (folder === '') throw new Error(`there is no place for its folder (${complaint.trim()})`);
  keeper.unref();
  return {
    path: folder,
    remove: async () => {
      keeper.ref();
      keeper.stdin.end();
      await ended;
    },
  };
}
