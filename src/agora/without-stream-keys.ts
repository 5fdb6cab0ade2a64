import { maskAddress, maskStreamKeys } from '../evidence/stream-keys.js';
import { isObject, type LooseObject } from './read-fields.js';

/**
 * Details of which nothing is known, with the stream key of every address in them masked.
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export function withoutStreamKeys(details: LooseObject): LooseObject {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [maskStreamKeys(name), masked(value, name)]),
  );
}

function masked(value: unknown, name: string): unknown {
  if (typeof value === 'string') return name === 'rtmpUrl' ? maskAddress(value) : maskStreamKeys(value);
  if (Array.isArray(value)) return value.map((element: unknown) => masked(element, name));
  return isObject(value) ? withoutStreamKeys(value) : value;
}
