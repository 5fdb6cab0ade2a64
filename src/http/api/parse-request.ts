import { z } from 'zod';
import { unixMs } from '../../evidence/instant.js';
import { ProblemError } from '../problem.js';

/** Parses a part of a request, or says everything that is wrong with it. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ at: path.join('.'), message }));
  throw new ProblemError({ status: 400, title: `The ${what} is not valid`, errors });
}

/** ISO 8601 with a zone. */
export const instantText = z.iso
  .datetime({ offset: true })
  .transform((text) => unixMs(Date.parse(text)));

/** Text that Postgres can hold: it refuses NUL, and half a surrogate pair is no character. */
export const storableText = z
  .string()
  .max(2048)
  .refine((text) => !text.includes('\u0000') && text.isWellFormed(), 'must be text without NUL');

export const sidText = storableText.min(1).max(256);

const LARGEST_PAGE = 500;
const USUAL_PAGE = 100;

export const limitText = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)
  .refine((n) => n >= 1 && n <= LARGEST_PAGE, `must be between 1 and ${String(LARGEST_PAGE)}`)
  .default(USUAL_PAGE);

export const pageQuery = z.object({ limit: limitText, cursor: z.string().optional() });

/** A cursor is where a page ended, as base64url JSON: opaque to others, checked when it comes back. */
export function writeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
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
    return undefined; // the schema says what is wrong
  }
}

/** A page of a list that is in memory, and the cursor of the next one. */
export function pageOf<T>(
  elements: readonly T[],
  query: unknown,
): { page: readonly T[]; next: string | null } {
  const { limit, cursor } = parse(pageQuery, query, 'query');
  const from = readCursor(z.object({ from: z.number().int().min(0) }), cursor)?.from ?? 0;
  const end = from + limit;
  return {
    page: elements.slice(from, end),
    next: end < elements.length ? writeCursor({ from: end }) : null,
  };
}
