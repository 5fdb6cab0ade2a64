import { createS3Client, type BucketFailure } from '../../buckets/s3-client.js';
import type { BucketConfig } from '../../config/buckets.js';
import type { Config } from '../../config/parse-config.js';
import { failed, fine, warning, type Check } from './check.js';

/** One listing of one name in each bucket: nothing of it is read, and nothing changed. */
export function checkBuckets({ buckets: { all, timeoutMs } }: Config): Promise<Check[]> {
  return Promise.all(all.map((bucket) => checkBucket(bucket, timeoutMs)));
}

async function checkBucket(bucket: BucketConfig, timeoutMs: number): Promise<Check> {
  const client = createS3Client(bucket, { timeoutMs, now: Date.now });
  const answer = await client.list(bucket.prefix, null, 1);
  await client.close();
  const check = `bucket ${bucket.name}`;
  if (answer.kind !== 'page') return badNews(check, bucket, answer);
  const where = bucket.prefix === '' ? '' : ` under ${bucket.prefix}`;
  return fine(check, answer.entries.length > 0 ? 'can be listed' : `can be listed, and is empty${where}`);
}

function badNews(check: string, { endpoint }: BucketConfig, answer: BucketFailure): Check {
  if (answer.kind === 'refused') {
    const code = answer.code === null ? '' : ` (${answer.code})`;
    const advice = 'check endpoint, region, bucket and keys in BUCKETS_FILE; the keys need to list and to read';
    return failed(check, `refuses with ${String(answer.status)}${code}`, advice);
  }
  return warning(check, `${endpoint} gives no answer (${answer.reason})`, 'check its address, and the way there');
}
