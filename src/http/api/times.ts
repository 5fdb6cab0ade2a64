import type { UnixMs } from '../../evidence/instant.js';

/** ISO 8601 in UTC with milliseconds. */
export function iso(atMs: UnixMs): string {
  return new Date(atMs).toISOString();
}

export function isoOrNull(atMs: UnixMs | null): string | null {
  return atMs === null ? null : iso(atMs);
}

/** Every instant in an object, told by its name, as ISO 8601: `askedMs` becomes `askedAt`. */
export function withIsoTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withIsoTimes);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]): [string, unknown] =>
    isInstant(key, field) ? [timeName(key), instantText(field)] : [key, withIsoTimes(field)],
  );
  return Object.fromEntries(fields);
}

function timeName(key: string): string {
  return key === 'atMs' ? 'at' : key.replace(/Ms$/, 'At');
}

const DURATIONS: readonly string[] = ['retryAfterMs', 'aheadMs'];

function isInstant(key: string, field: unknown): boolean {
  return key.endsWith('Ms') && !DURATIONS.includes(key) && (field === null || typeof field === 'number'); // prettier-ignore
}

function instantText(field: unknown): string | null {
  return typeof field === 'number' ? new Date(field).toISOString() : null;
}
