import { z } from 'zod';
import { unixMs } from '../../evidence/instant.js';
import { ProblemError } from '../problem.js';
import { WIRE } from './openapi/json-schemas.js';

/** Parses a part of a request, or throws a problem that lists everything that is wrong with it. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue) : told(issue),
  );
  throw new ProblemError({ status: 400, title: `The ${what} is not valid`, errors });
}

type Told = { at: string; message: string };

function told({ path, message }: z.core.$ZodIssue): Told[] {
  return [{ at: path.join('.'), message }];
}

function unknownKeys({ keys }: z.core.$ZodIssueUnrecognizedKeys): Told[] {
  return keys.map((key) => ({ at: key, message: 'is not known here' }));
}

/** The years 1 to 9999: beyond them Postgres and ISO 8601 write years in different ways. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Milliseconds that a database holds as a time. */
export const instantNumber = z.number().int().min(FIRST_MS).max(LAST_MS).transform(unixMs);

/** ISO 8601 with a zone. */
export const instantText = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= FIRST_MS && ms <= LAST_MS, 'must be in the years 1 to 9999')
  .transform(unixMs)
  .meta({ [WIRE]: { type: 'string', format: 'date-time' } });

/** A moment that a request names. */
export function instant(description: string) {
  return instantText.meta({ description });
}

/** Text that Postgres can hold: it refuses NUL, and half a surrogate pair is no character. */
export const storableText = z
  .string()
  .max(2048)
  .refine((text) => !text.includes('\u0000') && text.isWellFormed(), 'must be text without NUL');

export function text(description: string) {
  return storableText.meta({ description });
}

export const sidText = storableText.min(1).max(256).meta({ description: "Agora's id of the recording." });

/** `true` or `false`. */
export function flagText(description: string) {
  return z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .meta({ description, [WIRE]: { type: 'boolean' } });
}

/** So many values of one parameter are more than anybody means. */
const MOST_VALUES = 50;

/** Several values of one parameter, separated by commas; what fits any of them fits. */
export function listText<T>(
  description: string,
  element: z.ZodType<T, string>,
  items: Readonly<Record<string, unknown>>,
) {
  return z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(element).max(MOST_VALUES))
    .meta({ description, [WIRE]: { type: 'array', items, minItems: 1, maxItems: MOST_VALUES } });
}

/** Several of these words. */
export function wordsText<const T extends readonly string[]>(description: string, values: T) {
  return listText(description, z.enum(values), { type: 'string', enum: values });
}

/**
 * An id that becomes a part of an address at Agora. `..` would lead to another address, with the account's
 * credentials, and so would a slash if a proxy on the way decodes it.
 */
export const isAddressPart = (text: string): boolean => !/^\.{1,2}$|[/\\]/.test(text);
export const NOT_AN_ADDRESS_PART = 'must be no dots alone, and hold no slash';

const LARGEST_PAGE = 500;
const USUAL_PAGE = 100;

export const limitText = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)
  .refine((n) => n >= 1 && n <= LARGEST_PAGE, `must be between 1 and ${String(LARGEST_PAGE)}`)
  .default(USUAL_PAGE)
  .meta({
    description: 'How many are wanted at most.',
    [WIRE]: { type: 'integer', minimum: 1, maximum: LARGEST_PAGE, default: USUAL_PAGE },
  });

/** Cursors of the change feed are positions in it. */
export const cursorText = z
  .string()
  .regex(/^\d{1,18}$/, 'must be a cursor of the feed')
  .meta({
    description: 'The cursor of the last change that was seen.',
    [WIRE]: { type: 'string', pattern: String.raw`^\d{1,18}$` },
  });

/** The parameters of a list that is read by pages. */
export const pageParameters = {
  limit: limitText,
  cursor: z.string().optional().meta({ description: 'Where to go on: `next` of the page before.' }),
};

export type PageRequest = { limit: number; cursor?: string | undefined };

/** A cursor is where a page ended, as base64url JSON: opaque to others, checked when it comes back. */
export function writeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

export function readCursor<T>(schema: z.ZodType<T>, cursor: string | undefined): T | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(jsonIn(cursor));
  if (parsed.success) return parsed.data;
  throw new ProblemError({ status: 400, title: 'The cursor is not one of ours' });
}

function jsonIn(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined; // the schema reports what is wrong
  }
}

const MOST_ELEMENTS = 1_000_000_000;
const listPlace = z.object({ from: z.number().int().min(0).max(MOST_ELEMENTS) });

/** Where in a list a page begins, and how long it is. */
export function offsetOf({ limit, cursor }: PageRequest): { from: number; limit: number } {
  return { from: readCursor(listPlace, cursor)?.from ?? 0, limit };
}

/** The cursor of the page that begins there; null at the end of the list. */
export function nextOffset(from: number, total: number): string | null {
  return from < total ? writeCursor({ from }) : null;
}

/** A page of a list that is in memory, and the cursor of the next one. */
export function pageOf<T>(elements: readonly T[], request: PageRequest): { page: readonly T[]; next: string | null } {
  const { from, limit } = offsetOf(request);
  const end = from + limit;
  return { page: elements.slice(from, end), next: nextOffset(end, elements.length) };
}
