import { z } from 'zod';
import { unixMs } from '../../evidence/instant.js';
import { ProblemError } from '../problem.js';

/** Parses a part of a request, or throws a problem that lists everything that is wrong with it. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ at: path.join('.'), message }));
  throw new ProblemError({ status: 400, title: `The ${what} is not valid`, errors });
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
  .transform(unixMs);

/** Text that Postgres can hold: it refuses NUL, and half a surrogate pair is no character. */
export const storableText = z
  .string()
  .max(2048)
  .refine((text) => !text.includes('\u0000') && text.isWellFormed(), 'must be text without NUL');

export const sidText = storableText.min(1).max(256);

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
  .default(USUAL_PAGE);

/** Cursors of the change feed are positions in it. */
export const cursorText = z.string().regex(/^\d{1,18}$/, 'must be a cursor of the feed');

export const pageQuery = z.object({ limit: limitText, cursor: z.string().optional() });

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
export function offsetOf(query: unknown): { from: number; limit: number } {
  const { limit, cursor } = parse(pageQuery, query, 'query');
  return { from: readCursor(listPlace, cursor)?.from ?? 0, limit };
}

/** The cursor of the page that begins there; null at the end of the list. */
export function nextOffset(from: number, total: number): string | null {
  return from < total ? writeCursor({ from }) : null;
}

/** A page of a list that is in memory, and the cursor of the next one. */
export function pageOf<T>(elements: readonly T[], query: unknown): { page: readonly T[]; next: string | null } {
  const { from, limit } = offsetOf(query);
  const end = from + limit;
  return { page: elements.slice(from, end), next: nextOffset(end, elements.length) };
}
