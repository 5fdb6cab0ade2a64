import { DAY_MS, plusMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import type { ListingFact, LookFact } from '../facts/looks.js';
import type { Ending } from './ending.js';

/** The bucket in which a session's files lie, as its newest listing has it. */
export type Place = { bucket: string; listed: ListingFact };

/** Where most was found by the newest listing of each bucket; null where none was listed. */
export function placeOf({ looks }: Pick<SessionFacts, 'looks'>): Place | null {
  const listed = looks.flatMap(({ bucket, listed }) => (listed === null ? [] : [{ bucket, listed }]));
  return listed.toSorted((a, b) => holds(b.listed) - holds(a.listed) || b.listed.askedMs - a.listed.askedMs)[0] ?? null;
}

function holds({ files, stored }: ListingFact): number {
  return files + stored;
}

/** Anything of the session is there. */
export function isFound({ listed }: Place): boolean {
  return holds(listed) > 0;
}

/** Everything is there that was told of, and that its playlists list. */
export function isComplete(place: Place): boolean {
  const { listed } = place;
  return listed.files > 0 && listed.absent === 0 && listed.incomplete === 0 && !lacksPlaylist(place);
}

export function lacksPlaylist({ listed }: Place): boolean {
  return listed.stored > 0 && listed.playlists === 0;
}

/** A day after its end all of a session should be there. */
export function lastCheckMs(ending: Ending): UnixMs {
  return plusMs(overMs(ending), DAY_MS);
}

/** By when it was over. */
export function overMs({ endedAt, sinceMs }: Ending): UnixMs {
  return endedAt.atMs ?? endedAt.notAfterMs ?? sinceMs;
}

/**
 * What the bucket alone says of the upload: done, if a look after the end found everything; missing, if nothing has
 * ever been found, a day after the end either, in any bucket where it may lie. Null where it does not decide.
 */
export function storedState(facts: SessionFacts, ending: Ending | null): 'uploaded' | 'missing' | null {
  if (ending === null) return null;
  const place = placeOf(facts);
  if (place === null) return null;
  if (place.listed.askedMs >= overMs(ending) && isComplete(place)) return 'uploaded';
  return facts.looks.every((look) => foundNothing(look, lastCheckMs(ending))) ? 'missing' : null;
}

function foundNothing({ listed, foundMs }: LookFact, sinceMs: UnixMs): boolean {
  return foundMs === null && listed !== null && listed.askedMs >= sinceMs;
}
