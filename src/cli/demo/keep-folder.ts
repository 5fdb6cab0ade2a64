import { closeSync, writeSync } from 'node:fs';
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endServersIn } from '../../embedded/end-servers-in.js';

/**
 * Makes a folder, says where, and removes it with what runs in it once standard input ends: see
 * demo-folder.ts. Where there is no place for one it says why on standard error.
 */
const LOOK_AGAIN_MS = 50;
const GIVE_UP_MS = 60_000;
const [OUT, ERR] = [1, 2];

const folder = await makeFolder();
if (folder !== null) say(OUT, folder);
for (const channel of [OUT, ERR]) closeSync(channel);
if (folder !== null) {
  for await (const _ of process.stdin) continue;
  await removeFolder(folder);
}

async function makeFolder(): Promise<string | null> {
  try {
    return await mkdtemp(path.join(await realpath(tmpdir()), 'recording-ledger-demo-'));
  } catch (error) {
    say(ERR, error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** What is killed half way may write once more before it is gone. */
async function removeFolder(name: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  while ((await isThere(name)) && performance.now() < deadline) {
    await endServersIn(name);
    await rm(name, { recursive: true, force: true }).catch(() => undefined);
    await delay(LOOK_AGAIN_MS);
  }
}

function say(channel: number, message: string): void {
  try {
    writeSync(channel, message);
  } catch {
    // Who wanted to know is gone, and so is standard input.
  }
}

async function isThere(name: string): Promise<boolean> {
  return stat(name).then(
    () => true,
    () => false,
  );
}
