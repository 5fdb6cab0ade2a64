import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { readEntries, type JournalEntry } from './journal-entry.js';
import { openJournal, type Journal } from './journal.js';

/** A journal whose process is dead: what it left, and in whose name that process held slots. */
export type LeftJournal = { path: string; holder: string };

export type JournalFolder = {
  /** The name of this process, in which it also holds slots. */
  holder: string;
  journal: Journal;
  /** Journals of dead processes of this machine. */
  left: () => readonly LeftJournal[];
};

/** The journals that this process has open: a process may serve again after it stopped serving. */
const open = new Set<string>();

/** The name of a journal's file says whose it is: `<holder>.<process id>.<machine>.calls`. */
const NAME = /^([0-9a-f-]{36})\.(\d+)\.([^/]*)\.calls$/;

/** Opens a journal of this process in a folder that several processes of one ledger may share. */
export function openJournalFolder(folder: string, maxBytes: number, onError: (error: unknown) => void): JournalFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const holder = randomUUID();
  const machine = encodeURIComponent(hostname());
  open.add(holder);
  const journal = openJournal(join(folder, `${holder}.${String(process.pid)}.${machine}.calls`), maxBytes, onError);
  return {
    holder,
    journal: {
      ...journal,
      close: async () => {
        await journal.close();
        open.delete(holder);
      },
    },
    left: () =>
      readdirSync(folder).flatMap((name) => {
        const [, other, pid, where] = NAME.exec(name) ?? [];
        if (other === undefined || open.has(other) || where !== machine || isAlive(Number(pid))) return [];
        return [{ path: join(folder, name), holder: other }];
      }),
  };
}

/** A process of another machine that shares the folder cannot be looked for, and counts as alive. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // this process has a journal of another name
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(isNativeError(error) && 'code' in error && error.code === 'ESRCH');
  }
}

/** Empty where another process was faster. */
export async function readLeft({ path }: LeftJournal): Promise<JournalEntry[]> {
  return readEntries(await readFile(path).catch(() => Buffer.alloc(0)));
}

export async function dropLeft({ path }: LeftJournal): Promise<void> {
  await unlink(path).catch(() => undefined); // another process was faster
}
