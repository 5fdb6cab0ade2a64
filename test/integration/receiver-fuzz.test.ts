import { hash } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { parseNotification } from '../../src/agora/parse-notification.js';
import { unixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { openTestLedger } from '../support/fold-context.js';
import { SAMPLES } from '../support/samples.js';
import { APP, startTestService, type TestService } from '../support/service.js';

/** Sent in groups at once, as many connections would. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 50_000);
const AT_ONCE = 100;

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ ROLES: 'receiver' });
});
afterAll(async () => {
  await service.close();
});

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const anyJson = fc.jsonValue({ maxDepth: 4 }).map((value) => Buffer.from(JSON.stringify(value)));

/** A real body with one of its parts replaced by anything: what parsers stumble over. */
const mutated = fc
  .record({
    sample: fc.constantFrom(...SAMPLES.notifications.map(({ body }) => body)),
    path: fc.constantFrom(
      'eventType',
      'productId',
      'noticeId',
      'notifyMs',
      'payload',
      'payload.sid',
      'payload.uid',
      'payload.sequence',
      'payload.sendts',
      'payload.serviceType',
      'payload.details',
      'payload.details.fileList',
      'payload.details.status',
      'payload.cname',
    ),
    value: fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(-1, 1e300, 2 ** 53, 2 ** 31, '\u0000', '\ud800', '__proto__', '', [], {}, null),
    ),
  })
  .map(({ sample, path, value }) => Buffer.from(JSON.stringify(replaced(sample, path, value))));

function replaced(sample: Record<string, unknown>, path: string, value: unknown): unknown {
  const copy = structuredClone(sample);
  const names = path.split('.');
  const last = names.pop() ?? '';
  let target: Record<string, unknown> | undefined = copy;
  for (const name of names) target = target?.[name] as Record<string, unknown> | undefined;
  if (typeof target === 'object') target[last] = value;
  return copy;
}

const bodies = fc.oneof(
  { weight: 2, arbitrary: bytes },
  { weight: 3, arbitrary: anyJson },
  { weight: 5, arbitrary: mutated },
);

it(`${String(CASES)} signed bodies of any shape are answered 200, every one is kept, and what came can be folded`, async () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 0x7fffffff);
  console.info(`receiver fuzz: seed ${String(seed)}`);
  const given = fc.sample(bodies, { seed, numRuns: CASES });
  for (let from = 0; from < given.length; from += AT_ONCE) {
    const group = given.slice(from, from + AT_ONCE);
    const answers = await Promise.all(group.map((body) => service.notify(body)));
    const refused = group.filter((_body, index) => answers[index]?.status !== 200);
    expect(refused.map((body) => body.toString('latin1'))).toEqual([]);
  }
  expect(await findMissing(given)).toEqual([]);
  expect(await foldEverything()).toEqual([]);
}, 240_000);

/** Returns the sessions that could not be folded. */
async function foldEverything(): Promise<string[]> {
  const setAside: string[] = [];
  const ledger = openTestLedger(service.database.url);
  await foldAll({ ...ledger.context, onSetAside: (sid, error) => void setAside.push(`${sid}: ${String(error)}`) });
  await ledger.close();
  return setAside;
}

/** Bodies that were acknowledged, and whose event is in no table. */
async function findMissing(sent: readonly Buffer[]): Promise<string[]> {
  const receipt = { appId: APP, receivedMs: unixMs(Date.now()) };
  const keys = sent.map((body) => {
    const parsed = parseNotification(body, receipt);
    const digest = hash('sha256', body, 'hex').slice(0, 32);
    return parsed.kind === 'unreadable' ? digest : parsed.envelope.eventKey;
  });
  const client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  const { rows } = await client.query<{ key: string }>(
    `select sent.key from unnest($1::uuid[]) as sent (key)
     where not exists (select from quarantined_bodies where quarantined_bodies.digest = sent.key)
       and not exists (select from notices where notices.event_key = sent.key)`,
    [keys],
  );
  await client.end();
  return rows.map((row) => row.key);
}
