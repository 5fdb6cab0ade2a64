import { createS3Client } from '../buckets/s3-client.js';
import type { LookContext } from '../looking/look-context.js';
import type { Components } from './components.js';
import type { OpenResources } from './open-resources.js';

/** What looking into buckets needs, with a client for each; null where none is configured. */
export function openLooking({ config, context }: Components, opened: OpenResources): LookContext | null {
  const { all, perSecond, timeoutMs } = config.buckets;
  if (all.length === 0) return null;
  const clients = all.map((bucket) => {
    // By the machine's clock, as stores are: the ledger's own goes on evenly where that one is set.
    const client = createS3Client(bucket, { timeoutMs, now: Date.now });
    return [bucket.name, opened.add(client, (it) => it.close())] as const;
  });
  return { ...context, clients: new Map(clients), perSecond };
}
