import type { BucketState } from '../db/schedule/bucket-paces.js';
import { iso } from '../evidence/instant.js';

/** How a bucket stands. `costUsd`: an estimate of what all requests to it have cost. */
export type BucketSummary = {
  name: string;
  requests: { list: number; get: number };
  costUsd: number;
  answeredAt: string | null;
  refused: { since: string; what: string } | null;
};

/** What Amazon asks in Virginia for its standard class; others ask about the same, or nothing. */
const USD_PER_LIST = 0.005 / 1_000;
const USD_PER_GET = 0.0004 / 1_000;

export function bucketSummary({ bucket, lists, gets, answeredMs, refusal }: BucketState): BucketSummary {
  return {
    name: bucket,
    requests: { list: lists, get: gets },
    costUsd: Math.round((lists * USD_PER_LIST + gets * USD_PER_GET) * 10_000) / 10_000,
    answeredAt: answeredMs === null ? null : iso(answeredMs),
    refused: refusal === null ? null : { since: iso(refusal.sinceMs), what: refusal.what },
  };
}
