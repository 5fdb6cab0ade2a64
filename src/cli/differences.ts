import { isDeepStrictEqual } from 'node:util';

/** The fields in which two documents differ, one line each: `state: recording → ended`. */
export function differences(before: object | null, after: object): string[] {
  if (before === null) return ['new'];
  const old = new Map(Object.entries(before));
  return Object.entries(after)
    .filter(([field, value]) => !isDeepStrictEqual(old.get(field), value))
    .map(([field, value]) => `${field}: ${shown(old.get(field))} → ${shown(value)}`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value);
}
