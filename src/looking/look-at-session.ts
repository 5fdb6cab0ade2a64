import { readPlaylist } from '../buckets/read-playlist.js';
import type { BucketFailure } from '../buckets/s3-client.js';
import type { BucketLook, LookOutcome, PlaylistReading } from '../evidence/bucket-look.js';
import type { UnixMs } from '../evidence/instant.js';
import { foundIn, objectsOf, playlistsAmong, type ListedObject } from '../sessions/stored/look-at-listing.js';
import { measurePlaylist } from '../sessions/stored/measure-playlist.js';
import type { PacedClient } from './paced-client.js';

/** A session to look for: in which folders, and the names of its files that others have told. */
export type Sought = { sid: string; folders: readonly string[]; told: readonly string[] };

/** A session's own prefix holds no neighbour's files; a hundred thousand of its own are a recording of weeks. */
const MOST_PAGES = 100;
/** A playlist of a whole month, with a segment in every 15 s. */
const LARGEST_PLAYLIST = 32 * 1_048_576;
/** One for each user and track. */
const MOST_PLAYLISTS = 200;
/** After the n-th failover names begin with `bak<n>_`; the documents know three. */
const MOST_FAILOVERS = 10;

/** Looks into one bucket for one session. `listed`: what is known of its folders already. */
export async function lookAtSession(
  client: PacedClient,
  bucket: string,
  { sid, folders, told }: Sought,
  listed: ReadonlyMap<string, readonly ListedObject[]>,
  now: () => UnixMs,
): Promise<BucketLook> {
  const askedMs = now();
  const outcome = await look(client, { sid, folders, told }, listed);
  return { kind: 'bucket_look', sid, bucket, folders, askedMs, answeredMs: now(), outcome };
}

async function look(
  client: PacedClient,
  { sid, folders, told }: Sought,
  known: ReadonlyMap<string, readonly ListedObject[]>,
): Promise<LookOutcome> {
  const listed: ListedObject[] = [];
  for (const folder of folders) {
    const found = known.get(folder) ?? (await listOwn(client, sid, folder));
    if ('kind' in found) return found;
    listed.push(...found);
  }
  const objects = objectsOf(sid, folders, listed);
  const readings = await readAll(client, objects);
  if ('kind' in readings) return readings;
  return { kind: 'listed', found: foundIn(objects, readings, folders, told) };
}

/** Lists what begins with the sid in a folder, and with each `bak<n>_` before it as long as there is any. */
async function listOwn(
  client: PacedClient,
  sid: string,
  folder: string,
): Promise<readonly ListedObject[] | BucketFailure> {
  const objects: ListedObject[] = [];
  for (let n = -1; n < MOST_FAILOVERS; n += 1) {
    const before = n < 0 ? '' : `bak${String(n)}_`;
    const answer = await client.listAll(`${folder}${before}${sid}`, MOST_PAGES);
    if (answer.kind === 'more') return { kind: 'unavailable', reason: 'unreadable' };
    if (answer.kind !== 'all') return answer;
    objects.push(...answer.entries);
    if (n >= 0 && answer.entries.length === 0) return objects;
  }
  return objects;
}

async function readAll(
  client: PacedClient,
  objects: readonly ListedObject[],
): Promise<ReadonlyMap<string, PlaylistReading> | BucketFailure> {
  const keys = new Set(objects.map(({ key }) => key));
  const readings = new Map<string, PlaylistReading>();
  for (const { key } of playlistsAmong(objects).slice(0, MOST_PLAYLISTS)) {
    const answer = await client.get(key, LARGEST_PLAYLIST);
    if (answer.kind === 'refused' || answer.kind === 'unavailable') return answer;
    const segments = answer.kind === 'text' ? readPlaylist(answer.text) : null;
    if (segments !== null)
      readings.set(
        key,
        measurePlaylist(key, segments, (name) => keys.has(name)),
      );
  }
  return readings;
}
