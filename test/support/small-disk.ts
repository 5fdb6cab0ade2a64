import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SmallDisk = {
  folder: string;
  /** Writes until the kernel says ENOSPC. */
  fill: () => Promise<void>;
  /** Takes back what `fill` wrote. */
  free: () => void;
  close: () => void;
};

/** A file system of this size in memory, over `folder`, which is made. Throws where mounting is not allowed. */
export function mountSmallDisk(folder: string, mib: number): SmallDisk {
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(mib)}m`, 'tmpfs', folder], {
    stdio: 'pipe',
  });
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => writeUntilFull(filler),
    free: () => rmSync(filler, { force: true }),
    // Lazily: a server that was killed a moment ago may hold files open.
    close: () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }),
  };
}

async function writeUntilFull(file: string): Promise<void> {
  const handle = await open(file, 'a');
  try {
    // In ever smaller pieces, so that not even a page is left.
    for (let size = 1 << 20; size >= 4_096; size /= 2) while (await canAppend(handle, size));
  } finally {
    await handle.close();
  }
}

async function canAppend(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  try {
    return (await handle.write(Buffer.alloc(size))).bytesWritten === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** Root may mount, in most containers not even that: elsewhere these suites do not run, and it is said. */
export const describeWithSmallDisk = canMount() ? describe : describe.skip;

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'recording-ledger-mount-'));
  try {
    mountSmallDisk(join(folder, 'disk'), 1).close();
    return true;
  } catch {
    console.info('No file system can be mounted here: the test with a disk that is full is left out.');
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
