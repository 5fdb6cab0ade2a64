import { createTestRedis, describeWithRedis, type TestRedis } from '../support/redis.js';
import { openWebhookWorld, soon, type WebhookWorld } from '../support/webhook-world.js';

describeWithRedis('webhooks, with the queue on Redis', () => {
  let redis: TestRedis;
  let world: WebhookWorld;

  beforeAll(async () => {
    redis = await createTestRedis();
    world = await openWebhookWorld({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await world.close();
    await redis.drop();
  });

  it('tell each version in order, and try again what was refused', async () => {
    let refusals = 1;
    const receiver = await world.receiver(() => (refusals-- > 0 ? 503 : 200));
    const id = await world.endpointTo(receiver, { types: ['session.registered', 'session.ended'] });
    const sid = await world.register();
    await world.end(sid);
    await soon(async () => (await world.deliveries(id, 'delivered')).length === 2);
    const told = receiver.distinct().map(({ body }) => [body.data.session.sid, body.type]);
    expect(told).toEqual([
      [sid, 'session.registered'],
      [sid, 'session.ended'],
    ]);
    expect(receiver.received).toHaveLength(3);
    expect(receiver.complaints).toEqual([]);
    expect((await world.service.api('GET', '/v1/summary')).body.queue.backend).toBe('redis');
  });

  it('go out at once, and not at the next tick, when an endpoint is tested', async () => {
    const receiver = await world.receiver();
    const id = await world.endpointTo(receiver);
    await world.service.api('POST', `/v1/webhooks/${id}/test`);
    await soon(() => receiver.received.some(({ body }) => body.type === 'webhook.test'));
  });
});
