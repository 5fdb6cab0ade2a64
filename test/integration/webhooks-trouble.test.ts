import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { cutFeed } from '../../src/db/sessions/cut-feed.js';
import { unixMs } from '../../src/evidence/instant.js';
import { startTestService, type TestService } from '../support/service.js';
import { differences, lengthOf, readFeed, storyOf, storyOfFeed } from '../support/told-story.js';
import type { ReceivedDelivery } from '../support/webhook-receiver.js';
import { openWebhookWorld, soon, type WebhookWorld } from '../support/webhook-world.js';

const CHANGED = { types: ['session.changed'] };

let world: WebhookWorld;

beforeAll(async () => {
  world = await openWebhookWorld();
});
afterAll(() => world.close());

/** Another process on the same database, with other settings. */
async function withAnother<T>(env: Record<string, string>, work: (service: TestService) => Promise<T>): Promise<T> {
  const other = await startTestService({
    DATABASE_URL: world.service.database.url,
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    ...env,
  });
  try {
    return await work(other);
  } finally {
    await other.close();
  }
}

async function inOwnFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'recording-ledger-webhooks-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('where SECRETS_KEY is not the one that secrets are encrypted with', () => {
  it('an endpoint cannot be made, and the answer says what to set', async () => {
    const receiver = await world.receiver();
    await world.endpointTo(receiver);
    await withAnother({ SECRETS_KEY: 'another-key-than-before' }, async ({ api }) => {
      const { status, body } = await api('POST', '/v1/webhooks', { url: receiver.url });
      expect(status).toBe(503);
      expect(body.detail).toContain('another key than SECRETS_KEY');
      expect(body.detail).toContain('to the new one and the old one');
    });
  });

  it('and where it is missing, no other is made, and the answer says so', async () => {
    const receiver = await world.receiver();
    const id = await world.endpointTo(receiver);
    await inOwnFolder(async (folder) => {
      await withAnother({ DATA_DIR: folder }, async ({ api }) => {
        const { status, body } = await api('POST', `/v1/webhooks/${id}/rotate-secret`);
        expect(status).toBe(503);
        expect(body.detail).toContain('set SECRETS_KEY, the same for every process');
      });
    });
  });
});

describe('a sender with the wrong SECRETS_KEY', () => {
  it('sends nothing, says what is wrong with the endpoint, and all goes out once the key is right', async () => {
    const own = await openWebhookWorld();
    try {
      const receiver = await own.receiver();
      const id = await own.endpointTo(receiver, CHANGED);
      await own.service.api('POST', `/v1/webhooks/${id}/pause`);
      const sid = await own.register();
      await own.service.app.stop();
      const onIt = { DATABASE_URL: own.service.database.url, WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' };
      const wrong = await startTestService({ ...onIt, SECRETS_KEY: 'not-the-key-at-all' });
      await wrong.api('POST', `/v1/webhooks/${id}/resume`);
      const problem = async () => (await wrong.api('GET', `/v1/webhooks/${id}`)).body.problem;
      await soon(async () => (await problem())?.includes('another key than SECRETS_KEY') === true);
      await wrong.close();
      expect([receiver.received, receiver.complaints]).toEqual([[], []]);
      const right = await startTestService({ ...onIt, SECRETS_KEY: 'not-the-key-at-all,a-key-for-the-tests-only' });
      await right.api('POST', `/v1/webhooks/${id}/resume`); // it rested for a minute
      await right.api('PATCH', `/v1/webhooks/${id}`, { description: 'looked at' });
      await soon(() => receiver.received.some(({ body }) => body.data.session?.sid === sid));
      expect((await right.api('GET', `/v1/webhooks/${id}`)).body.problem).toBeNull();
      await right.close();
      expect(receiver.complaints).toEqual([]);
    } finally {
      await own.close();
    }
  });
});

describe('a redrive while deliveries are on their way', () => {
  it('loses nothing, and the first arrivals of each session stay in order', async () => {
    const accepted: ReceivedDelivery[] = [];
    const refused = new Set<string>();
    const receiver = await world.receiver(async (delivery) => {
      await new Promise((resolve) => setTimeout(resolve, 15));
      const isFirst = !refused.has(delivery.id);
      refused.add(delivery.id);
      if (isFirst && refused.size % 3 === 0) return 500;
      accepted.push(delivery);
      return 200;
    });
    const id = await world.endpointTo(receiver, CHANGED);
    const sids: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      sids.push(await world.register(), await world.register());
      const from = round % 2 === 0 ? {} : { from: '1' };
      expect((await world.service.api('POST', `/v1/webhooks/${id}/redrive`, from)).status).toBe(202);
      if (round % 3 === 2) await world.end(sids.at(-1) ?? '');
    }
    await world.service.api('POST', `/v1/webhooks/${id}/redrive`, { from: '1' });
    await soon(async () => {
      const told = storyOf(accepted, 2n ** 60n);
      return lengthOf(told) >= lengthOf(storyOfFeed(await readFeed(world.service.database.url), CHANGED.types));
    }, 'everything at the receiver');
    const feed = await readFeed(world.service.database.url);
    const through = feed.at(-1)?.cursor ?? 0n;
    await soon(() => lengthOf(storyOf(accepted, through)) >= lengthOf(storyOfFeed(feed, CHANGED.types)));
    expect(differences(storyOf(accepted, through), storyOfFeed(feed, CHANGED.types))).toEqual([]);
    await soon(async () => (await world.deliveries(id, 'waiting,parked')).length === 0, 'nothing waiting');
    expect(receiver.complaints).toEqual([]);
  });
});

describe('a feed that was cut beyond an endpoint that was paused', () => {
  it('brings it the last version of each session, and the endpoint says what may be missing', async () => {
    const own = await openWebhookWorld(); // nobody else reads the feed, which is kept in memory for a while
    const receiver = await own.receiver();
    const id = await own.endpointTo(receiver, CHANGED);
    await own.service.api('POST', `/v1/webhooks/${id}/pause`);
    const sid = await own.register();
    await own.end(sid);
    await soon(async () => (await own.service.api('GET', `/v1/sessions/${sid}`)).body.state === 'ended');
    const pool = new pg.Pool({ connectionString: own.service.database.url, max: 1 });
    const { dropped } = await cutFeed(pool, unixMs(Date.now() + 86_400_000));
    await pool.end();
    expect(dropped).toBeGreaterThan(0);
    await own.service.api('POST', `/v1/webhooks/${id}/resume`);
    await soon(() => receiver.received.some(({ body }) => body.data.session.sid === sid));
    const [first] = receiver.received.filter(({ body }) => body.data.session.sid === sid);
    expect(first?.body.data).toMatchObject({ session: { state: 'ended' } });
    expect(first?.body.data.version).toBeGreaterThan(1);
    const { problem } = (await own.service.api('GET', `/v1/webhooks/${id}`)).body;
    expect(problem).toMatch(/fell behind what is kept \(CHANGES_DAYS\).*may be missing/);
    await own.close();
  });
});
