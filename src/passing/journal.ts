import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { encodeEntry, readEntries, type JournalEntry, type KeptCall } from './journal-entry.js';

/**
 * What calls told, from before their answer goes out until it is evidence in Postgres: a file of lines, one
 * process's own. A line is written at once, and so survives the process; it is synced to disk a moment later, and
 * then survives the machine. (A sync before every answer would cost it some milliseconds.)
 * Ours: docs/decisions/038-a-journal-of-what-calls-told.md
 */
export type Journal = {
  /** Keeps what a call told; `full` if there is no room. Throws if the disk refuses it. */
  keep: (call: KeptCall) => 'kept' | 'full';
  /** Says whether the answer was written to whoever had called; only then is the entry ready. */
  settle: (callId: string, heard: boolean) => void;
  /** The first entry that is ready; null if none is. */
  first: () => JournalEntry | null;
  done: (callId: string) => void;
  /** How many entries it holds. */
  entries: () => number;
  /** The file goes with its last entry. */
  close: () => Promise<void>;
};

type Place = { at: number; length: number; heard: boolean | null };

const sync = promisify(fdatasync);
/** A file is begun anew where nothing in it is needed any more, and it is longer than this. */
const LONG_BYTES = 1_048_576;

export function openJournal(path: string, maxBytes: number, onError: (error: unknown) => void): Journal {
  const file = openSync(path, 'ax+', 0o600);
  const places = new Map<string, Place>();
  let size = fstatSync(file).size;
  let syncing: Promise<void> | null = null;
  let isDirty = false;
  const syncAll = async (): Promise<void> => {
    while (isDirty) {
      isDirty = false;
      await sync(file).catch(onError);
    }
    syncing = null;
  };
  const append = (entry: Parameters<typeof encodeEntry>[0]): Place => {
    const line = encodeEntry(entry);
    const at = size;
    try {
      writeLine(file, line);
    } catch (error) {
      ftruncateSync(file, size); // half a line would spoil the next one
      throw error;
    }
    size += line.length;
    isDirty = true;
    syncing ??= syncAll();
    return { at, length: line.length, heard: null };
  };
  const settleFor = (entry: Parameters<typeof encodeEntry>[0]): void => {
    try {
      append(entry);
    } catch (error) {
      onError(error); // what is not noted here is done again, and changes nothing then
    }
  };
  return {
    keep: (call) => {
      if (size >= maxBytes) return 'full';
      places.set(call.callId, append({ kind: 'kept', call }));
      return 'kept';
    },
    settle: (callId, heard) => {
      const place = places.get(callId);
      if (place === undefined) return;
      settleFor({ kind: 'settled', callId, heard });
      place.heard = heard;
    },
    first: () => {
      for (const [callId, { at, length, heard }] of places) {
        if (heard === null) continue;
        const [entry] = readEntries(readBytes(file, at, length));
        if (entry !== undefined) return { ...entry, heard };
        places.delete(callId);
      }
      return null;
    },
    done: (callId) => {
      places.delete(callId);
      settleFor({ kind: 'done', callId });
      if (places.size > 0 || size < LONG_BYTES) return;
      ftruncateSync(file, 0);
      size = 0;
    },
    entries: () => places.size,
    close: async () => {
      await syncing;
      closeSync(file);
      if (places.size === 0) unlinkSync(path);
    },
  };
}

function writeLine(file: number, line: Buffer): void {
  for (let from = 0; from < line.length; from += writeSync(file, line, from));
}

function readBytes(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, at);
  return bytes;
}
