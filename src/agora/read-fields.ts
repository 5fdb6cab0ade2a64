/**
 * @file Agora promises that details may grow, and its pages disagree about spellings and types. So every
 * field is read for itself: what is not of a documented type is absent, and never a reason to refuse
 * the rest.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */

import { instantByMagnitude, type UnixMs } from '../evidence/instant.js';
import { maskStreamKeys } from '../evidence/stream-keys.js';

/** A JSON object with unchecked fields. */
export type LooseObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is LooseObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectIn(from: LooseObject, ...names: readonly string[]): LooseObject {
  const value = valueIn(from, names);
  return isObject(value) ? value : {};
}

/** The value under the first spelling that is present. Only the object's own fields count. */
export function valueIn(from: LooseObject, names: readonly string[]): unknown {
  const name = names.find((spelling) => Object.hasOwn(from, spelling));
  return name === undefined ? undefined : from[name];
}

/** A finite number, also one that came as text: statuses did until 2021. */
export function numberIn(from: LooseObject, ...names: readonly string[]): number | null {
  const value = valueIn(from, names);
  if (typeof value === 'string' && /^-?\d{1,20}(\.\d+)?$/.test(value.trim())) return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function wholeNumberIn(from: LooseObject, ...names: readonly string[]): number | null {
  const value = numberIn(from, ...names);
  return value !== null && Number.isSafeInteger(value) ? value : null;
}

/** A non-empty text, also one that came as a number: uids do. */
export function textIn(from: LooseObject, ...names: readonly string[]): string | null {
  const value = valueIn(from, names);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? storable(value) : null;
}

/** What Agora says in words, to be shown: an address may be part of it, whose stream key is not. */
export function proseIn(from: LooseObject, ...names: readonly string[]): string | null {
  const text = textIn(from, ...names);
  return text === null ? null : maskStreamKeys(text);
}

export function flagIn(from: LooseObject, ...names: readonly string[]): boolean | null {
  const value = valueIn(from, names);
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'boolean' ? value : null;
}

export function instantIn(from: LooseObject, ...names: readonly string[]): UnixMs | null {
  const value = numberIn(from, ...names);
  return value === null ? null : instantByMagnitude(value);
}

export function listIn(from: LooseObject, ...names: readonly string[]): readonly unknown[] {
  const value = valueIn(from, names);
  return Array.isArray(value) ? value : [];
}

/** Postgres holds neither NUL nor half a surrogate pair; the raw body keeps what was really sent. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}
