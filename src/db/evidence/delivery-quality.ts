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

/** Days from `fromMs` on and before `toMs`, both midnight UTC; of all apps if `appId` is null. */
export async function readDeliveryQuality(
  db: Queryable,
  { fromMs, toMs, appId }: { fromMs: UnixMs; toMs: UnixMs; appId: string | null },
): Promise<DeliveryDay[]> {
  const { rows } = await db.query<DeliveryDay>(
    `select to_char(quality.day, 'YYYY-MM-DD') as day, quality.app_id as "appId", quality.events::int,
            quality.deliveries::int, quality.duplicates::int, quality.late::int, quality.lost::int
     from reporting.delivery_quality_daily as quality
     where quality.day >= ($1 at time zone 'UTC')::date and quality.day < ($2 at time zone 'UTC')::date
       and quality.app_id is not null and ($3::text is null or quality.app_id = $3)
     order by quality.day, quality.app_id`,
    [new Date(fromMs), new Date(toMs), appId],
  );
  return rows;
}
