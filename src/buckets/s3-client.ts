import { AwsClient } from 'aws4fetch';
import { Agent, request, type Dispatcher } from 'undici';
import type { UnavailableReason } from '../evidence/bucket-look.js';
import { clockOf } from './bucket-clock.js';
import { errorCode, readListing, type ListingPage } from './read-listing.js';

/** Where a bucket is, and keys that may list and read it. */
export type BucketAddress = {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  forcePathStyle: boolean;
};

/** What a bucket may answer beside what was asked for. */
export type BucketFailure =
  { kind: 'refused'; status: number; code: string | null } | { kind: 'unavailable'; reason: UnavailableReason };

export type S3Client = {
  /** One page of what begins with a prefix, 1,000 entries at most. */
  list: (prefix: string, continuation: string | null, most?: number) => Promise<ListingPage | BucketFailure>;
  /** The text of an object; `absent` where it is not there, `too_large` beyond `maxBytes`. */
  get: (
    key: string,
    maxBytes: number,
  ) => Promise<{ kind: 'text'; text: string } | { kind: 'absent' | 'too_large' } | BucketFailure>;
  close: () => Promise<void>;
};

export type S3Options = {
  timeoutMs: number;
  /** The wall clock by which requests are dated; a bucket refuses those that are some minutes off its own. */
  now: () => number;
};

export const PAGE = 1_000;
/** A page of 1,000 names of the greatest length there may be. */
const LARGEST_PAGE = 8 * 1_048_576;
const LARGEST_ERROR = 65_536;

/**
 * Speaks S3 with one bucket, and can do two things there: list, and get. Every failure that is to be expected is an
 * outcome, and nothing is repeated but one request that the bucket found wrongly dated.
 * Ours: docs/decisions/051-the-bucket-is-a-third-witness.md
 */
export function createS3Client(address: BucketAddress, { timeoutMs, now }: S3Options): S3Client {
  const { accessKeyId, secretAccessKey, region } = address;
  const signer = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
  const agent = new Agent({ connect: { timeout: timeoutMs }, connections: 4 });
  const clock = clockOf(now);

  const send = async (url: URL, maxBytes: number): Promise<Answer> => {
    const signed = await signer.sign(url.href, { method: 'GET', aws: { datetime: clock.amzDate() } });
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await request(url, {
      dispatcher: agent,
      method: 'GET',
      headers: Object.fromEntries(signed.headers),
      signal,
    });
    return readAnswer(response, maxBytes);
  };

  const ask = async (url: URL, maxBytes: number): Promise<Answer> => {
    const first = await send(url, maxBytes);
    if (first.status !== 403 || errorCode(first.text) !== 'RequestTimeTooSkewed') return first;
    return clock.follow(first.date) ? send(url, maxBytes) : first;
  };

  return {
    list: (prefix, continuation, most = PAGE) =>
      settled(async () => {
        const answer = await ask(listUrl(address, prefix, continuation, most), LARGEST_PAGE);
        if (answer.status !== 200) return failureOf(answer);
        return readListing(answer.text) ?? unreadable();
      }),
    get: (key, maxBytes) =>
      settled(async () => {
        const answer = await ask(objectUrl(address, key), maxBytes);
        if (answer.isCut) return { kind: 'too_large' as const };
        if (answer.status === 200) return { kind: 'text' as const, text: answer.text };
        const isAbsent = answer.status === 404 && errorCode(answer.text) !== 'NoSuchBucket';
        return isAbsent ? { kind: 'absent' as const } : failureOf(answer);
      }),
    close: () => agent.close(),
  };
}

type Answer = { status: number; text: string; isCut: boolean; date: string | null };

async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<Answer> {
  const most = statusCode === 200 ? maxBytes : LARGEST_ERROR;
  const parts: Buffer[] = [];
  let bytes = 0;
  const date = typeof headers['date'] === 'string' ? headers['date'] : null;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > most) {
      body.destroy();
      return { status: statusCode, text: '', isCut: true, date };
    }
    parts.push(part);
  }
  return { status: statusCode, text: Buffer.concat(parts).toString('utf8'), isCut: false, date };
}

function listUrl(address: BucketAddress, prefix: string, continuation: string | null, most: number): URL {
  const url = bucketUrl(address);
  const query = { 'list-type': '2', 'encoding-type': 'url', prefix, 'max-keys': String(most) };
  // Written by hand: a signature counts %20 and +, and URLSearchParams writes the latter.
  const told = continuation === null ? query : { ...query, 'continuation-token': continuation };
  url.search = Object.entries(told)
    .map(([name, value]) => `${name}=${strictly(value)}`)
    .join('&');
  return url;
}

function objectUrl(address: BucketAddress, key: string): URL {
  const url = bucketUrl(address);
  url.pathname = `${url.pathname}${key.split('/').map(strictly).join('/')}`;
  return url;
}

function bucketUrl({ endpoint, bucket, forcePathStyle }: BucketAddress): URL {
  const url = new URL(endpoint);
  if (forcePathStyle) url.pathname = `/${bucket}/`;
  else url.hostname = `${bucket}.${url.hostname}`;
  return url;
}

/** As RFC 3986 has it, which signatures are computed over. */
function strictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function failureOf({ status, text, isCut }: Answer): BucketFailure {
  if (isCut) return unreadable();
  if (status === 429 || status === 503) return { kind: 'unavailable', reason: 'throttled' };
  if (status === 401 || status === 403 || status === 404) return { kind: 'refused', status, code: errorCode(text) };
  // Another region, a malformed name, a redirection: as wrong as a refusal, and as lasting.
  if (status >= 300 && status < 500) return { kind: 'refused', status, code: errorCode(text) };
  return { kind: 'unavailable', reason: 'server' };
}

function unreadable(): BucketFailure {
  return { kind: 'unavailable', reason: 'unreadable' };
}

/** Whatever breaks on the way is an outcome. */
async function settled<T>(work: () => Promise<T>): Promise<T | BucketFailure> {
  try {
    return await work();
  } catch (error) {
    const isLate = /Timeout|TIMEOUT|Abort/.test(namesOf(error));
    return { kind: 'unavailable', reason: isLate ? 'timeout' : 'network' };
  }
}

/** An abort's error may be of another realm, and no `Error` of ours. */
function namesOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  return `${String(Reflect.get(error, 'name'))} ${String(Reflect.get(error, 'code'))}`;
}
