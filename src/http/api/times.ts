import type { UnixMs } from '../../evidence/instant.js';

/** ISO 8601 in UTC with milliseconds. */
export function iso(atMs: UnixMs): string {
  return new Date(atMs).toISOString();
}

export function isoOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : iso(atMs);
}

/** `T`, with `never` in place of every field that may hold an instant: those are to be told as ISO 8601. */
export type Timeless<T> = T extends unknown
  ? { [K in keyof T]: [Extract<T[K], UnixMs>] extends [never] ? T[K] : never }
  : never;
