import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { unixMs, type UnixMs } from '../evidence/instant.js';

/** An object as it is listed. */
export type ListedEntry = { key: string; size: number; modifiedMs: UnixMs };

/** `next`: how to ask for the next page; null at the end. */
export type ListingPage = { kind: 'page'; entries: readonly ListedEntry[]; next: string | null };

/** Everything is text: names that look like numbers are names. */
const parser = new XMLParser({
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  isArray: (name) => name === 'Contents',
});

const text = z.string();
const page = z.object({
  ListBucketResult: z.object({
    EncodingType: text.optional(),
    IsTruncated: text.optional(),
    NextContinuationToken: text.optional(),
    Contents: z.array(z.object({ Key: text, Size: text, LastModified: text })).default([]),
  }),
});

/**
 * One page of a listing; null for what is none. Names come encoded where the store was asked for that and can: XML
 * has no way to write some of their characters.
 */
export function readListing(xml: string): ListingPage | null {
  const parsed = page.safeParse(parsedXml(xml));
  if (!parsed.success) return null;
  const { EncodingType, IsTruncated, NextContinuationToken, Contents } = parsed.data.ListBucketResult;
  const decode = EncodingType === 'url' ? decoded : (key: string) => key;
  const entries = Contents.map(({ Key, Size, LastModified }) => ({
    key: decode(Key),
    size: Number(Size),
    modifiedMs: unixMs(Date.parse(LastModified)),
  }));
  if (entries.some(({ size, modifiedMs }) => Number.isNaN(size) || Number.isNaN(modifiedMs))) return null;
  const isMore = IsTruncated === 'true';
  if (isMore && NextContinuationToken === undefined) return null;
  return { kind: 'page', entries, next: isMore ? (NextContinuationToken ?? null) : null };
}

/** Some stores write a blank as a plus sign. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key; // said to be encoded, and is not
  }
}

const refusal = z.object({ Error: z.object({ Code: text }) });

/** The code of an error, such as `AccessDenied`; null where there is none. */
export function errorCode(xml: string): string | null {
  const parsed = refusal.safeParse(parsedXml(xml));
  return parsed.success ? parsed.data.Error.Code.slice(0, 100) : null;
}

function parsedXml(xml: string): unknown {
  try {
    return parser.parse(xml);
  } catch {
    return null; // the schema finds nothing in it
  }
}
