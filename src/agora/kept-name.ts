import { hash } from 'node:crypto';

/**
 * In bytes of UTF-8. Room for a channel name of 1,024, the longest that Agora documents, with the sid, a
 * folder and an ending; and beside a sid of 256 characters, 768 bytes, still an entry of a btree of
 * Postgres, which holds 2,704 bytes, some 24 of them its own.
 */
const LONGEST = 1_536;
const MARK = '~';
const DIGEST_LENGTH = 32;

/**
 * A file's name as it is kept. A longer one is cut and ends in a digest of the whole, so that two that
 * begin alike stay two, and in its own extension, which tells what it is.
 * Ours: docs/agora.md#files
 */
export function keptName(told: string): string {
  const name = told.toWellFormed();
  const bytes = Buffer.from(name);
  if (bytes.length <= LONGEST) return name;
  const extension = /\.[a-z0-9]{1,8}$/i.exec(name)?.[0] ?? '';
  const ending = `${MARK}${hash('sha256', name, 'hex').slice(0, DIGEST_LENGTH)}${extension}`;
  return `${firstBytes(bytes, LONGEST - ending.length)}${ending}`;
}

/** At most so many bytes of text, and no half of a character. */
function firstBytes(bytes: Buffer, most: number): string {
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}
