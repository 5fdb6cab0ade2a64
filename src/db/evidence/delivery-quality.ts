import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** How well the notifications of one app were delivered on one day (UTC) of receipt. */
export type DeliveryDay = {
  /** YYYY-MM-DD. */
  day: string;
  appId: string;
  events: number;
  deliveries: number;
  duplicates: number;
  /** Received more than 10 s after they happened. */
  late: number;
  /** Sequence numbers that are missing, on the day on which a higher one was received. */
  lost: number;
};

/**
 * Days from `fromMs` on and before `toMs`, both midnight UTC; of all apps if `appId` is null. The same numbers as
 * `reporting.delivery_quality_daily`, but read from these days alone: a view that groups by day cannot leave out
 * partitions.
 */
export async function readDeliveryQuality(
  db: Queryable,
  { fromMs, toMs, appId }: { fromMs: UnixMs; toMs: UnixMs; appId: string | null },
): Promise<DeliveryDay[]> {
  const { rows } = await db.query<DeliveryDay>(
    `select to_char(counted.day, 'YYYY-MM-DD') as day, counted.app_id as "appId", sum(counted.events)::int as events,
            sum(counted.deliveries)::int as deliveries, (sum(counted.deliveries) - sum(counted.events))::int as duplicates,
            sum(counted.late)::int as late, sum(counted.lost)::int as lost
     from (
       select notices.app_id, (notices.received_at at time zone 'UTC')::date as day, count(*) as events,
              count(*) as deliveries,
              count(*) filter (where notices.received_at - notices.occurred_at > interval '10 seconds') as late, 0 as lost
       from notices
       where notices.received_at >= $1 and notices.received_at < $2 and notices.sid <> '' and not notices.is_test
       group by 1, 2
       union all
       select sessions.app_id, (repeated.received_at at time zone 'UTC')::date, 0, count(*), 0, 0
       from repeated_deliveries as repeated join sessions on sessions.sid = repeated.sid
       where repeated.received_at >= $1 and repeated.received_at < $2
       group by 1, 2
       union all
       select gaps.app_id, (gaps.revealed_at at time zone 'UTC')::date, 0, 0, 0, sum(gaps.missing)
       from reporting.gaps
       where gaps.revealed_at >= $1 and gaps.revealed_at < $2 and gaps.settled_by is distinct from 'notice'
       group by 1, 2
       union all
       select archived.app_id, archived.day, archived.events, archived.deliveries, archived.late, 0
       from delivery_days as archived
       where archived.day >= ($1 at time zone 'UTC')::date and archived.day < ($2 at time zone 'UTC')::date
     ) as counted
     where counted.app_id is not null and ($3::text is null or counted.app_id = $3)
     group by counted.day, counted.app_id order by counted.day, counted.app_id`,
    [new Date(fromMs), new Date(toMs), appId],
  );
  return rows;
}
