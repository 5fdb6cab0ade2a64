import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import type { Endpoint } from './endpoints.js';
import { msOrNull } from './endpoints.js';

/** How far an endpoint is behind. Of one that is up to date nothing is: it has no lag, and is not listed. */
export type EndpointLag = Pick<Endpoint, 'id' | 'url' | 'state' | 'failingSinceMs'> & {
  /** Versions in the feed after its cursor, wanted or not; counted up to MOST_COUNTED. */
  versions: number;
  /** Since the oldest version that it may still want was made, or a delivery that waits was last tried, the earlier. */
  seconds: number;
  waiting: number;
  parked: number;
};

type Row = {
  id: string;
  url: string;
  state: Endpoint['state'];
  failing_since: Date | null;
  versions: number;
  oldest: Date | null;
  waiting: number;
  parked: number;
};

const MOST_COUNTED = 10_000;
/** Endpoints that are shown; the worst first. */
const MOST_SHOWN = 100;

/**
 * The endpoints with something that is not delivered, or that fail; the ones that are longest behind first. Reads
 * the partial index of those that are behind, and of each a bounded part of the feed.
 */
export async function readLags(db: Queryable, nowMs: UnixMs): Promise<ReadonlyMap<string, EndpointLag>> {
  const { rows } = await db.query<Row>(
    `with kept as (
       select delivery.endpoint_id as id, count(*) filter (where delivery.state = 'waiting')::int as waiting,
              count(*) filter (where delivery.state = 'parked')::int as parked,
              min(delivery.at) filter (where delivery.state = 'waiting') as oldest
       from webhook_deliveries as delivery where delivery.state in ('waiting', 'parked') group by delivery.endpoint_id
     ), behind as (
       select endpoint.id, endpoint.url, endpoint.state, endpoint.failing_since, endpoint.cursor,
              coalesce(kept.waiting, 0) as waiting, coalesce(kept.parked, 0) as parked, kept.oldest
       from webhook_endpoints as endpoint left join kept on kept.id = endpoint.id
       where endpoint.cursor is not null or kept.id is not null or endpoint.failing_since is not null
     )
     select behind.id, behind.url, behind.state, behind.failing_since, feed.versions,
            least(feed.oldest, behind.oldest) as oldest, behind.waiting, behind.parked
     from behind, lateral (
       select count(*)::int as versions, min(after.at) as oldest from (
         select changes.at from changes where changes.cursor > behind.cursor order by changes.cursor limit ${String(MOST_COUNTED)}
       ) as after
     ) as feed
     order by oldest, behind.id limit ${String(MOST_SHOWN)}`,
  );
  return new Map(rows.map((row) => [row.id, toLag(row, nowMs)]));
}

function toLag({ failing_since, oldest, ...row }: Row, nowMs: UnixMs): EndpointLag {
  const seconds = oldest === null ? 0 : Math.max(nowMs - unixMs(oldest.getTime()), 0) / 1000;
  return { ...row, failingSinceMs: msOrNull(failing_since), seconds };
}
