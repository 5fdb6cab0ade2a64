import { jest } from '@jest/globals';
import { createRandom } from '../../src/simulator/random.js';
import { inDatabase } from '../support/acknowledged.js';
import { createTestDatabase } from '../support/database.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode, type TestProcess } from '../support/processes.js';
import { differences, lengthOf, readFeed, storyOf, storyOfFeed } from '../support/told-story.js';
import { waitFor } from '../support/wait-for.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import {
  endlessReceiver,
  falseReceiver,
  fastReceiver,
  mortalReceiver,
  slowReceiver,
  type WorldReceiver,
} from '../support/world-receivers.js';
import { openWorld, type TestWorld } from '../support/world.js';

/** In the first part whole processes of the service are killed, in the second ones that only send. */
const KILLS = Number(process.env['CRASHES'] ?? 30);
const SERVICE_KILLS = Math.round(KILLS / 6);
const SENDER_KILLS = KILLS - SERVICE_KILLS;
/** Another one with every run, and printed: when the kills come, as far as a test decides that. */
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 0x7fffffff);
const RUN = { sessions: 200, seconds: 30, settlingSeconds: 10, limit: 40 };
const CHANGED = ['session.changed'];
const ENV = {
  SECRETS_KEY: 'a-key-for-the-tests-only',
  WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
  WEBHOOK_RETRY_SCHEDULE_MS: '200,400,800,1500,2500,4000,6000,8000,10000,15000,15000,15000',
};

jest.setTimeout(150_000 + KILLS * 5_000);

const leftovers = clearAfterEach();
const random = createRandom(SEED, 'kills of senders');

/** A receiver that lives on, and what it wants. */
type Told = { name: string; receiver: WorldReceiver; types: readonly string[]; id: string };

let world: TestWorld;
let databaseUrl: string;
let isDead = false;
let told: Told[] = [];
let lying: { receiver: WorldReceiver; id: string };

async function call(method: string, path: string, body?: object): Promise<any> {
  const response = await fetchDocumented(`${world.apiUrl}/v1/webhooks${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(`${method} ${path} was answered ${String(response.status)}: ${JSON.stringify(answer)}`);
  return answer;
}

async function addEndpoint(receiver: WorldReceiver, types: readonly string[] = []): Promise<string> {
  leftovers.push(receiver.close);
  const { id, secret } = await call('POST', '', { url: receiver.url, ...(types.length === 0 ? {} : { types }) });
  receiver.secrets.push(secret);
  await call('POST', `/${id}/redrive`, { from: '1' }); // the first sessions came before it
  return id;
}

async function addEndpoints(elsewhere: string): Promise<void> {
  const healthy = async (name: string, receiver: WorldReceiver, types: readonly string[] = []) => {
    told.push({ name, receiver, types, id: await addEndpoint(receiver, types) });
  };
  await healthy('fast', await fastReceiver());
  await healthy('slow', await slowReceiver(200), CHANGED);
  await healthy('dead for a while', await mortalReceiver(() => isDead));
  await healthy('streaming for ever', await endlessReceiver(), CHANGED);
  const receiver = await falseReceiver(elsewhere, 40);
  lying = { receiver, id: await addEndpoint(receiver) };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One of two after the other is killed, sometimes both, so that nobody sends. Returns those that live. */
async function killByTurns(
  kills: number,
  mostMs: number,
  start: () => Promise<TestProcess>,
  onKill: (kill: number) => void,
): Promise<TestProcess[]> {
  const running = [start(), start()];
  for (let kill = 0; kill < kills; kill += 1) {
    onKill(kill);
    const victim = await running[kill % 2];
    await pause(kill % 5 === 4 ? 0 : random.between(0, mostMs));
    victim?.kill('SIGKILL');
    await victim?.ended;
    running[kill % 2] = start();
  }
  return Promise.all(running);
}

async function startSender(): Promise<TestProcess> {
  const sender = startNode(['test/support/sending-process.mjs'], { env: world.env });
  await sender.says(/sending/);
  return sender;
}

/** All that was told is folded: the feed is not about to grow. */
async function isFolded(): Promise<boolean> {
  const { rows } = await inDatabase(databaseUrl, (client) =>
    client.query<{ folded: boolean }>(
      `select (select count(*) from sessions) = $1 and not exists (select from pending_evidence) as folded`,
      [RUN.sessions],
    ),
  );
  return rows[0]?.folded === true;
}

/** Every one of them has the feed's story and nothing else, of each session in order. Returns the feed's length. */
async function expectStories(part: string, heardFrom: ReadonlyMap<string, number>): Promise<number> {
  const feed = await readFeed(databaseUrl);
  const through = feed.at(-1)?.cursor ?? 0n;
  for (const { name, receiver, types } of told) {
    const expected = storyOfFeed(feed, types);
    const story = () => storyOf(receiver.accepted.slice(heardFrom.get(name) ?? 0), through);
    const isTold = (): boolean => lengthOf(story()) >= lengthOf(expected);
    await waitFor(isTold, { deadlineMs: 30_000 }).catch(() => undefined); // what is missing is shown by what follows
    expect([part, name, differences(story(), expected)]).toEqual([part, name, []]);
    expect([part, name, receiver.complaints]).toEqual([part, name, []]);
  }
  return feed.length;
}

/** How many came again. Each of them as it was the first time, but that more may be known of a file by then. */
function repetitionsOf(receiver: WorldReceiver): number {
  const firsts = new Map<string, unknown>();
  for (const { id, raw } of receiver.accepted) {
    const delivery = withFileNames(raw);
    if (firsts.has(id)) expect(delivery).toEqual(firsts.get(id));
    else firsts.set(id, delivery);
  }
  return receiver.accepted.length - firsts.size;
}

function withFileNames(raw: string): unknown {
  const { data, ...rest } = JSON.parse(raw) as { data: { files?: { name: string }[] } };
  return { ...rest, data: { ...data, files: data.files?.map(({ name }) => name) } };
}

describe('a world of 200 sessions with five receivers', () => {
  it(`tells every one that lives the feed's story, in order, although its senders are killed ${String(KILLS)} times`, async () => {
    console.info(`webhooks-world: seed ${String(SEED)}`);
    const [database, elsewhere] = [await createTestDatabase(), await startWebhookReceiver()];
    databaseUrl = database.url;
    world = await openWorld({ ...RUN, seed: 14, env: { ...ENV, DATABASE_URL: databaseUrl } });
    leftovers.push(world.close, elsewhere.close, database.drop);
    await world.startProcess('receiver,api');
    told = [];
    await addEndpoints(elsewhere.url);

    const began = performance.now();
    const services = await killByTurns(
      SERVICE_KILLS,
      3_000,
      () => world.startProcess('jobs'),
      (kill) => (isDead = kill === 1 || kill === 2),
    );
    isDead = false;
    await world.simulation.done;
    await waitFor(isFolded, { deadlineMs: 30_000, what: 'all evidence to be folded' });
    const versions = await expectStories('first', new Map());
    expect(await call('GET', `/${lying.id}`)).toMatchObject({ state: 'paused', pausedBecause: 'gone' });
    for (const service of services) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
    const whole = performance.now();

    const heardFrom = new Map(told.map(({ name, receiver }) => [name, receiver.accepted.length]));
    for (const { id } of told) await call('POST', `/${id}/redrive`, { from: '1' });
    await killByTurns(SENDER_KILLS, 400, startSender, (kill) => (isDead = kill > 3 && kill < 10));
    isDead = false;
    await expectStories('second', heardFrom);
    const seconds = [whole - began, performance.now() - whole].map((ms) => String(Math.round(ms / 1_000)));
    const repeated = told.map(({ name, receiver }) => `${name} ${String(repetitionsOf(receiver))}`);
    console.info(
      `webhooks-world: ${String(versions)} versions; ${seconds.join(' and ')} s; repeated: ${repeated.join(', ')}`,
    );
    expect([...elsewhere.received, ...elsewhere.complaints]).toEqual([]);
  });
});
