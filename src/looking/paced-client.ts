import { setTimeout as delay } from 'node:timers/promises';
import type { BucketFailure, S3Client } from '../buckets/s3-client.js';
import type { ListedEntry } from '../buckets/read-listing.js';
import { noteBucketAnswer, takeBucketSlot, type BucketMethod } from '../db/schedule/bucket-paces.js';
import type { LookContext } from './look-context.js';

/** A bucket whose requests wait for their slot, and are counted. */
export type PacedClient = Pick<S3Client, 'get'> & {
  /** All pages of what begins with a prefix; `more` where they are more than `mostPages`. */
  listAll: (prefix: string, mostPages: number) => Promise<Listed | { kind: 'more' } | BucketFailure>;
};

export type Listed = { kind: 'all'; entries: readonly ListedEntry[] };

export function pacedClient(context: LookContext, bucket: string, client: S3Client): PacedClient {
  const { db, perSecond, metrics, stopping } = context;
  const paced = async <T extends { kind: string }>(
    method: BucketMethod,
    send: () => Promise<T | BucketFailure>,
  ): Promise<T | BucketFailure> => {
    const waitMs = await takeBucketSlot(db.pool, bucket, method, perSecond);
    if (waitMs > 0) await delay(waitMs, undefined, { signal: stopping });
    const answer = await send();
    metrics.bucketRequests.inc({ bucket, method, outcome: outcomeOf(answer) });
    await noteAnswer(context, bucket, answer);
    return answer;
  };
  return {
    get: (key, maxBytes) => paced('get', () => client.get(key, maxBytes)),
    listAll: async (prefix, mostPages) => {
      const entries: ListedEntry[] = [];
      let next: string | null = null;
      for (let page = 0; page < mostPages; page += 1) {
        const answer = await paced('list', () => client.list(prefix, next));
        if (answer.kind !== 'page') return answer;
        entries.push(...answer.entries);
        if (answer.next === null) return { kind: 'all', entries };
        next = answer.next;
      }
      return { kind: 'more' };
    },
  };
}

function outcomeOf(answer: { kind: string } | BucketFailure): string {
  return answer.kind === 'refused' || answer.kind === 'unavailable' ? answer.kind : 'answered';
}

async function noteAnswer(
  { db, now }: LookContext,
  bucket: string,
  answer: { kind: string } | BucketFailure,
): Promise<void> {
  if (answer.kind === 'unavailable') return;
  const refusal = 'status' in answer ? `${String(answer.status)} ${answer.code ?? ''}`.trim() : null;
  await noteBucketAnswer(db.pool, bucket, now(), refusal);
}
