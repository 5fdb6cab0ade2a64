import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const KEY_BYTES = 32;

/** The key in the file; null where there is none. */
export async function readKeyFile(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Makes the file if it is not there, durably, and readable by its owner alone. It appears whole or not at all, and of
 * several processes that make it at once one wins: all use the key that is in it afterwards.
 */
export async function makeKeyFile(file: string): Promise<{ key: string; made: boolean }> {
  const known = await readKeyFile(file);
  if (known !== null) return { key: known, made: false };
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeDurably(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  const made = await link(draft, file).then(
    () => true,
    (error: unknown) => {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    },
  );
  await unlink(draft);
  await syncFolder(dirname(file));
  const key = await readKeyFile(file);
  if (key === null) throw new Error(`${file} was made and is gone`);
  return { key, made };
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
