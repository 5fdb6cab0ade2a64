import type { RecordingStorage } from '../../evidence/recording-storage.js';

/**
 * The folders in which a session's files may lie, each empty or with a slash at its end: those of the files that
 * were told of; else the one that `start` was told, else the bucket's own. A name without a folder says only half.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#storage
 */
export function foldersOf(
  told: readonly string[],
  storage: RecordingStorage | null,
  bucketPrefix: string,
): readonly string[] {
  const folders = new Set(told.map(folderOf));
  const isTold = folders.delete('');
  if (folders.size > 0) return [...folders].sort();
  const otherwise = storage === null ? bucketPrefix : storage.prefix.map((part) => `${part}/`).join('');
  return [...new Set([...(isTold ? [''] : []), otherwise])].sort();
}

export function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/**
 * Whether an object in a folder is of the session: after its sid, which `bak<n>_` may precede after failovers, its
 * name goes on with something that cannot be a part of a longer sid.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files
 */
export function belongsTo(sid: string, folder: string, key: string): boolean {
  if (!key.startsWith(folder)) return false;
  const name = key.slice(folder.length).replace(/^bak\d+_/, '');
  return name.startsWith(sid) && BOUNDARIES.includes(name.charAt(sid.length));
}

/** A name begins `<sid>_<cname>`; a dot is before an extension. */
const BOUNDARIES = ['_', '.'];
