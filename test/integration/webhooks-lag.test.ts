import pg from 'pg';
import { readLags, type EndpointLag } from '../../src/db/webhooks/lag.js';
import { unixMs } from '../../src/evidence/instant.js';
import { openWebhookWorld, soon, type WebhookWorld } from '../support/webhook-world.js';

let world: WebhookWorld;
let pool: pg.Pool;

beforeAll(async () => {
  world = await openWebhookWorld({ WEBHOOK_RETRY_SCHEDULE_MS: '300,300,300,300,300,300,600000' });
  pool = new pg.Pool({ connectionString: world.service.database.url, max: 1 });
});
afterAll(async () => {
  await pool.end();
  await world.close();
});

async function lagOf(id: string): Promise<EndpointLag | undefined> {
  return (await readLags(pool, unixMs(Date.now()))).get(id);
}

async function metrics(): Promise<string> {
  return (await world.service.api('GET', '/metrics')).body;
}

async function secondsSinceFirstVersion(sid: string): Promise<number> {
  const { rows } = await pool.query<{ at: Date }>('select min(at) as at from changes where changes.sid = $1', [sid]);
  return (Date.now() - (rows[0]?.at.getTime() ?? 0)) / 1000;
}

describe('how far an endpoint of webhooks is behind', () => {
  it('counts from when the oldest version that was not delivered came, however often it was tried since', async () => {
    const receiver = await world.receiver(() => 503);
    const id = await world.endpointTo(receiver, { types: ['session.registered'] });
    expect(await lagOf(id)).toMatchObject({ versions: 0, waiting: 0, seconds: 0 });
    const sid = await world.register();
    await soon(async () => (await world.deliveries(id, 'waiting'))[0]?.tries >= 4, 'four tries');
    const lag = await lagOf(id);
    const since = await secondsSinceFirstVersion(sid);
    expect(lag).toMatchObject({ state: 'active', waiting: 1, parked: 0 });
    expect(since).toBeGreaterThan(0.9); // three waits
    expect(Math.abs((lag?.seconds ?? 0) - since)).toBeLessThan(0.5);
  });

  it('is seen in the summary and among the metrics, and no more once nothing is left', async () => {
    let status = 503;
    const receiver = await world.receiver(() => status);
    const id = await world.endpointTo(receiver, { types: ['session.registered'] });
    await world.service.api('POST', `/v1/webhooks/${id}/pause`);
    await world.register();
    await world.register();
    expect(await lagOf(id)).toMatchObject({ state: 'paused', versions: 2 });
    const { webhooks } = (await world.service.api('GET', '/v1/summary')).body;
    expect(webhooks).toMatchObject({ endpoints: 2, paused: 1, failing: 1, parked: 0 });
    expect(webhooks.lagSeconds).toBeGreaterThan(0);
    const shown = `recording_ledger_webhook_lag_versions{endpoint="${id}",state="paused"} 2`;
    await soon(async () => (await metrics()).includes(shown), 'the gauge');
    status = 204;
    await world.service.api('POST', `/v1/webhooks/${id}/resume`);
    await soon(async () => !(await metrics()).includes(`endpoint="${id}"`), 'the gauge to go');
  });
});
