import type { FoundFile, FoundFiles, PlaylistReading } from '../../evidence/bucket-look.js';
import type { UnixMs } from '../../evidence/instant.js';
import { kindOf } from '../facts/files.js';
import { belongsTo } from './belonging.js';

/** An object as a bucket lists it. */
export type ListedObject = { key: string; size: number; modifiedMs: UnixMs };

/** Files beyond this are not kept in one look: a session that takes a snapshot each second for a day has more. */
const MOST_FILES = 20_000;

/** The objects of a listing that are the session's, each once. */
export function objectsOf(
  sid: string,
  folders: readonly string[],
  listed: readonly ListedObject[],
): readonly ListedObject[] {
  const own = listed.filter(({ key }) => folders.some((folder) => belongsTo(sid, folder, key)));
  return [...new Map(own.map((object) => [object.key, object])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function playlistsAmong(objects: readonly ListedObject[]): readonly ListedObject[] {
  return objects.filter(({ key }) => kindOf(key) === 'playlist');
}

/**
 * What a listing shows of a session: its files, by the names that others have told where they did, and which of the
 * told ones are not among them. `readings` are the playlists that could be read, by key.
 */
export function foundIn(
  objects: readonly ListedObject[],
  readings: ReadonlyMap<string, PlaylistReading>,
  folders: readonly string[],
  told: readonly string[],
): FoundFiles {
  const segments = objects.filter(({ key }) => isSegment(key));
  const others = objects.filter(({ key }) => !isSegment(key));
  const names = new Map(told.flatMap((name) => ['', ...folders].map((folder) => [folder + name, name] as const)));
  const files = others.map(({ key, size, modifiedMs }): FoundFile => {
    return { name: names.get(key) ?? key, size, modifiedMs, playlist: readings.get(key) ?? null };
  });
  const isThere = new Set([...objects.map(({ key }) => names.get(key) ?? key)]);
  return {
    files: files.slice(0, MOST_FILES),
    segments: { count: segments.length, bytes: segments.reduce((sum, { size }) => sum + size, 0) },
    absent: told.filter((name) => !isThere.has(name)).sort(),
    isCut: files.length > MOST_FILES,
  };
}

/** @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files */
function isSegment(key: string): boolean {
  return /\.(ts|webm)$/i.test(key);
}
