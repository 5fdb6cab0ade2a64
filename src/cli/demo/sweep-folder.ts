import { rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { endServersIn } from '../../embedded/end-servers-in.js';

/** Removes the folder it is given, with what runs in it, once its standard input ends: see demo-folder.ts. */
const [folder = ''] = process.argv.slice(2);
const LOOK_AGAIN_MS = 50;
const GIVE_UP_MS = 60_000;

for await (const _ of process.stdin) continue;
const deadline = performance.now() + GIVE_UP_MS;
// What is killed half way may write once more before it is gone.
while ((await isThere(folder)) && performance.now() < deadline) {
  await endServersIn(folder);
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  await delay(LOOK_AGAIN_MS);
}

async function isThere(name: string): Promise<boolean> {
  return stat(name).then(
    () => true,
    () => false,
  );
}
