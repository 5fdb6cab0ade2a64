import { isIP } from 'node:net';
import { z } from 'zod';
import { jsonOrUndefined } from './json-or-undefined.js';
import { endpointOf, regionName } from './storage-regions.js';

/** A bucket that recordings are uploaded to, and read-only keys for it. */
export type BucketConfig = {
  /** How the ledger calls it. */
  name: string;
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Whether the bucket is named in the path, and not in the name of the host. */
  forcePathStyle: boolean;
  /** The apps whose recordings lie there; null for all. */
  appIds: readonly string[] | null;
  /** The folder of recordings of which nobody told another: empty, or with a slash at its end. */
  prefix: string;
};

const text = z.string().min(1);
const endpoint = z.string().refine(isHttp, 'must be a URL beginning with https:// or http://, without a path');

/** `vendor`: Agora's number of it, by which the endpoint follows from the region. */
const bucketsFile = z.object({
  buckets: z.array(
    z.object({
      name: text.regex(/^[\w.-]{1,64}$/, 'must be of letters, digits, dots, dashes and underscores, 64 at most'),
      endpoint: endpoint.optional(),
      vendor: z.number().int().optional(),
      region: z.union([text, z.number().int().nonnegative()], 'must be a name, or the number that Agora gives it'),
      bucket: text.regex(/^[^/\s]+$/, 'must be the name of a bucket alone'),
      accessKeyId: text,
      secretAccessKey: text,
      forcePathStyle: z.boolean().optional(),
      appIds: z.array(text).optional(),
      prefix: z.string().optional(),
    }),
  ),
});

type Told = z.output<typeof bucketsFile>['buckets'][number];

/** The buckets of BUCKETS_FILE; what is wrong with it is added to `problems`. */
export function readBuckets(
  file: string | undefined,
  readFile: (name: string) => string,
  problems: string[],
): readonly BucketConfig[] {
  if (file === undefined) return [];
  try {
    return parseBuckets(readFile(file), file, problems);
  } catch (error) {
    problems.push(problem(file, '', `cannot be read (${error instanceof Error ? error.message : String(error)})`));
    return [];
  }
}

function parseBuckets(content: string, file: string, problems: string[]): readonly BucketConfig[] {
  const parsed = bucketsFile.safeParse(jsonOrUndefined(content));
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map(({ path, message }) => problem(file, path.join('.'), message)));
    return [];
  }
  const { buckets } = parsed.data;
  const complete = buckets.map(completed);
  problems.push(...complete.flatMap((one, index) => missing(file, one, index)), ...repeated(file, buckets));
  return complete.flatMap((one) => (typeof one === 'string' ? [] : [one]));
}

function problem(file: string, field: string, what: string): string {
  return `BUCKETS_FILE: ${file}: ${field === '' ? 'it' : field}: ${what}; for example ${EXAMPLE}`;
}

const EXAMPLE =
  '{"buckets":[{"name":"main","region":"eu-central-1","bucket":"recordings","accessKeyId":"…","secretAccessKey":"…"}]}';

const AMAZON = 1;

/** Null where its endpoint cannot be known. */
function completed(told: Told): BucketConfig | 'region' | 'endpoint' {
  const { vendor = AMAZON, forcePathStyle, appIds, prefix = '', ...same } = told;
  const region = regionName(vendor, told.region);
  if (region === null) return 'region';
  const where = told.endpoint ?? endpointOf(vendor, region);
  if (where === null) return 'endpoint';
  return {
    name: same.name,
    endpoint: new URL(where).origin,
    region,
    bucket: same.bucket,
    accessKeyId: same.accessKeyId,
    secretAccessKey: same.secretAccessKey,
    forcePathStyle: forcePathStyle ?? hasNoSubdomains(new URL(where).hostname),
    appIds: appIds ?? null,
    prefix: asFolder(prefix),
  };
}

function missing(file: string, one: BucketConfig | 'region' | 'endpoint', index: number): string[] {
  if (typeof one !== 'string') return [];
  const what = {
    region: "must be the region's name: of this vendor no number is known",
    endpoint: 'must be told: of this vendor none is known',
  };
  return [problem(file, `buckets.${String(index)}.${one}`, what[one])];
}

/** Two of one name could not be told apart in what the ledger says of files. */
function repeated(file: string, buckets: readonly Told[]): string[] {
  const names = buckets.map(({ name }) => name);
  const twice = names.flatMap((name, index) => (names.indexOf(name) < index ? [{ name, index }] : []));
  return twice.map(({ name, index }) => problem(file, `buckets.${String(index)}.name`, `${name} is there twice`));
}

function hasNoSubdomains(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0;
}

/** Agora writes folders; a prefix without a slash at its end would be a part of a name. */
function asFolder(prefix: string): string {
  const folder = prefix.replace(/^\/+/, '');
  return folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
}

function isHttp(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, pathname, search, hash } = new URL(value);
  return ['https:', 'http:'].includes(protocol) && pathname === '/' && search === '' && hash === '';
}
