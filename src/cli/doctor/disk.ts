import { randomUUID } from 'node:crypto';
import { access, constants, open, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/parse-config.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { failed, fine, warning, type Check } from './check.js';

const MIB = 1_048_576;
/** With less than this nothing is written for long. */
const LEAST_BYTES = 64 * MIB;
/** Where the embedded Postgres lives: a day of some thousand sessions. */
const DATA_BYTES = 1_024 * MIB;
/** Larger than a page, so that a disk that is full says so. */
const SAMPLE = Buffer.alloc(65_536);

type Place = { check: string; folder: string; setting: string; wantedBytes: number; why: string };

/** The folders that this process will write into: that of the spool, and that of the embedded Postgres. */
export async function checkDisks(config: Config): Promise<Check[]> {
  const spool: Place = {
    check: 'disk of the spool',
    folder: config.spoolDir,
    setting: 'SPOOL_DIR',
    wantedBytes: config.spoolMaxBytes,
    why: 'the spool may grow to SPOOL_MAX_BYTES',
  };
  const data: Place = {
    check: 'disk of the data',
    folder: config.dataDir,
    setting: 'DATA_DIR',
    wantedBytes: DATA_BYTES,
    why: 'the embedded Postgres keeps everything there',
  };
  const places = [
    ...(config.roles.includes('receiver') ? [spool] : []),
    ...(config.databaseUrl === null ? [data] : []),
  ];
  return Promise.all(places.map(checkDisk));
}

async function checkDisk({ check, folder, setting, wantedBytes, why }: Place): Promise<Check> {
  try {
    const found = await nearestThatIsThere(folder);
    await tryToWrite(found, found === folder);
    const freeBytes = await freeBytesOf(found);
    const told = `${folder}, ${inMib(freeBytes)} free${found === folder ? '' : ', created at the start'}`;
    const advice = `free some space, or set ${setting} to a folder on a larger disk: ${why}`;
    if (freeBytes < LEAST_BYTES) return failed(check, told, advice);
    return freeBytes < wantedBytes ? warning(check, told, advice) : fine(check, told);
  } catch (error) {
    return failed(check, `${folder} cannot be written (${reasonOf(error)})`, adviceOn(error, setting));
  }
}

async function nearestThatIsThere(folder: string): Promise<string> {
  const found = await stat(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return nearestThatIsThere(path.dirname(folder));
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
  return folder;
}

/** Into the folder itself; above one that is still to be made, nothing is left and nothing written. */
async function tryToWrite(folder: string, isItself: boolean): Promise<void> {
  if (!isItself) return access(folder, constants.W_OK | constants.X_OK);
  const file = path.join(folder, `.doctor-${randomUUID()}`);
  try {
    const handle = await open(file, 'wx');
    await handle
      .writeFile(SAMPLE)
      .then(() => handle.sync())
      .finally(() => handle.close());
  } finally {
    await rm(file, { force: true });
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function inMib(bytes: number): string {
  return `${String(Math.floor(bytes / MIB))} MiB`;
}

function adviceOn(error: unknown, setting: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `the disk is full: free some space, or set ${setting} to a folder on another disk`;
  if (code === 'EROFS') return `it is mounted read-only: mount it writable, or set ${setting} to another folder`;
  return `make it a folder that this user can write to, or set ${setting} to another folder`;
}
