import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import type { Endpoint } from './endpoints.js';
import { msOrNull } from './endpoints.js';

/** How far an endpoint is behind. Of one that is up to date nothing is: it has no lag, and is not listed. */
export type EndpointLag = Pick<Endpoint, 'id' | 'url' | 'state' | 'failingSinceMs'> & {
  /** Versions in the feed after its cursor, wanted or not; counted up to MOST_COUNTED. */
  versions: number;
  /** Since the oldest version that is not delivered and that it may still want came into the feed, whenever it was tried. */
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
 * the partial indexes of those that are behind and of what waits, and of each a bounded part of the feed. What waits
 * counts from its version; where the feed was cut beyond that, or it is about no session, from its first try that is
 * known.
 */
export async function readLags(db: Queryable, nowMs: UnixMs): Promise<ReadonlyMap<string, EndpointLag>> {
  const { rows } = await db.query<Row>(
    `with kept as (
       select delivery.endpoint_id as id, count(*) filter (where delivery.state = 'waiting')::int as waiting,
              count(*) filter (where delivery.state = 'parked')::int as parked,
              min(coalesce(version.at, (delivery.attempts -> 0 ->> 'at')::timestamptz, delivery.at))
                filter (where delivery.state = 'waiting') as oldest
       from webhook_deliveries as delivery
       left join changes as version on version.cursor = delivery.cursor and delivery.state = 'waiting'
       where delivery.state in ('waiting', 'parked') group by delivery.endpoint_id
     ), behind as (
       select endpoint.id, endpoint.url, endpoint.state, endpoint.failing_since, endpoint.cursor,
              coalesce(kept.waiting, 0) as waiting, coalesce(kept.parked, 0) as parked, kept.oldest
       from webhook_endpoints as endpoint left join kept on kept.id = endpoint.id
       where endpoint.cursor is not null or kept.id is not null or endpoint.failing_since is not null
     ), worst as (
       select behind.*, least(feed.at, behind.oldest) as since
       from behind left join lateral (
         select changes.at from changes where changes.cursor > behind.cursor order by changes.cursor limit 1
       ) as feed on true
       order by since, behind.id limit ${String(MOST_SHOWN)}
     )
     select worst.id, worst.url, worst.state, worst.failing_since, feed.versions, worst.since as oldest,
            worst.waiting, worst.parked
     from worst, lateral (
       select count(*)::int as versions from (
         select from changes where changes.cursor > worst.cursor limit ${String(MOST_COUNTED)}
       ) as after
     ) as feed
     order by worst.since, worst.id`,
  );
  return new Map(rows.map((row) => [row.id, toLag(row, nowMs)]));
}

function toLag({ failing_since, oldest, ...row }: Row, nowMs: UnixMs): EndpointLag {
  const seconds = oldest === null ? 0 : Math.max(nowMs - unixMs(oldest.getTime()), 0) / 1000;
  return { ...row, failingSinceMs: msOrNull(failing_since), seconds };
}
