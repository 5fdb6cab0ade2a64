import { iso, type UnixMs } from '../../evidence/instant.js';

export function isoOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : iso(atMs);
}

/**
 * `T` with type `never` for every field that may hold an instant, so that the compiler rejects those: they
 * must be written as ISO 8601.
 */
export type Timeless<T> = T extends unknown
  ? { [K in keyof T]: [Extract<T[K], UnixMs>] extends [never] ? T[K] : never }
  : never;
