import type { Logger } from 'pino';
import type { S3Client } from '../buckets/s3-client.js';
import type { FoldContext } from '../ledger/fold-context.js';
import type { Metrics } from '../observability/metrics.js';

/** What looking needs of its process. */
export type LookContext = FoldContext & {
  /** A client for each bucket, by its name. */
  clients: ReadonlyMap<string, S3Client>;
  /** Requests a second to one bucket, over all processes. */
  perSecond: number;
  log: Logger;
  metrics: Metrics;
};
