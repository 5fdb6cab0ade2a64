import type { Queryable } from '../connection/database.js';

/** How many endpoints there are, and how they fare; and deliveries that are not made, of all of them. */
export type WebhookCounts = { endpoints: number; paused: number; failing: number; waiting: number; parked: number };

export async function countWebhooks(db: Queryable): Promise<WebhookCounts> {
  const { rows } = await db.query<WebhookCounts>(
    `select count(*)::int as endpoints,
            count(*) filter (where endpoint.state = 'paused')::int as paused,
            count(*) filter (where endpoint.state = 'active' and endpoint.failing_since is not null)::int as failing,
            (select count(*)::int from webhook_deliveries as delivery where delivery.state = 'waiting') as waiting,
            (select count(*)::int from webhook_deliveries as delivery where delivery.state = 'parked') as parked
     from webhook_endpoints as endpoint`,
  );
  return rows[0] ?? { endpoints: 0, paused: 0, failing: 0, waiting: 0, parked: 0 };
}
