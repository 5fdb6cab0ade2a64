import { parseNotification } from '../../../src/agora/parse-notification.js';
import type { Received } from '../../../src/db/evidence/incoming-rows.js';
import type { EvidenceStore } from '../../../src/intake/evidence-store.js';
import { Intake } from '../../../src/intake/intake.js';
import type { Spool, SpoolEntry } from '../../../src/intake/spool.js';
import { at } from '../../support/builders.js';
import { aRow } from '../../support/raw-notifications.js';
import { waitFor } from '../../support/wait-for.js';

const WITHIN = { deadlineMs: 5_000 };

/** A spool in memory, that others may write into too. */
function memorySpool(): Spool & { entries: SpoolEntry[] } {
  const entries: SpoolEntry[] = [];
  let key = 0;
  return {
    entries,
    id: 'spool',
    append: (batch, { isDoubtful }) => {
      for (const incoming of batch) entries.push({ key: (key += 1), isDoubtful, incoming });
      return 'kept';
    },
    read: (limit) => entries.slice(0, limit),
    drop: (lastKey) => void entries.splice(0, entries.findIndex((entry) => entry.key === lastKey) + 1),
    size: () => ({ entries: entries.length, bytes: 0 }),
    oldestMs: () => null,
    close: () => Promise.resolve(),
  };
}

/** A Postgres that is away, refuses with a state, or stores, as `postgres.trouble` has it. */
function aPostgres() {
  const stored = { notices: 0, unreadable: 0, spooled: 0 };
  const tries = { notices: 0, unreadable: 0, spooled: 0 };
  const postgres: { trouble: Error | null } = { trouble: null };
  const keep =
    (kind: keyof EvidenceStore) =>
    (rows: readonly unknown[]): Promise<void> => {
      tries[kind] += 1;
      if (postgres.trouble !== null) return Promise.reject(postgres.trouble);
      stored[kind] += rows.length;
      return Promise.resolve();
    };
  const store: EvidenceStore = { notices: keep('notices'), unreadable: keep('unreadable'), spooled: keep('spooled') };
  return { store, stored, tries, postgres };
}

function opened(spool: Spool, store: EvidenceStore | null) {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const events = {
    onSpooling: tell('spooling'),
    onStoringAgain: tell('storing again'),
    onDrained: tell('drained'),
    onRefused: tell('refused'),
    onNotDrained: tell('not drained'),
  };
  return { intake: new Intake({ spool, store, events }), told };
}

function received(body: string): Received {
  const raw = Buffer.from(body);
  const receipt = { appId: 'app', receivedMs: at(1) };
  return { raw, parsed: parseNotification(raw, receipt), ...receipt };
}

const aNotification = (): Received => received(aRow(1, 40, { status: 0 }).raw);
const refusal = (code: string): Error => Object.assign(new Error('no'), { code });

it('stores what can be read and what cannot, while Postgres is there', async () => {
  const { store, stored } = aPostgres();
  const { intake, told } = opened(memorySpool(), store);
  expect(await Promise.all([intake.take(aNotification()), intake.take(received('{'))])).toEqual(['stored', 'stored']);
  await intake.close();
  expect(stored).toMatchObject({ notices: 1, unreadable: 1 });
  expect(told).toEqual([]);
});

it('spools from the first batch on that Postgres did not take, tries it with no other, and drains when it is back', async () => {
  const { store, stored, tries, postgres } = aPostgres();
  const spool = memorySpool();
  const { intake, told } = opened(spool, store);
  postgres.trouble = new Error('connect ECONNREFUSED');
  await intake.take(aNotification());
  await Promise.all([intake.take(aNotification()), intake.take(received('{'))]);
  expect(tries).toMatchObject({ notices: 1, unreadable: 0 });
  expect(spool.entries.map(({ isDoubtful }) => isDoubtful)).toEqual([true, false, false]);
  expect(intake.spooled().entries).toBe(3);
  postgres.trouble = null;
  await waitFor(() => spool.entries.length === 0, { ...WITHIN, what: 'an empty spool' });
  await intake.take(aNotification());
  await intake.close();
  expect(stored).toMatchObject({ notices: 1, spooled: 3 });
  expect(told).toEqual(['spooling', 'storing again', 'drained']);
});

it('doubts nothing that Postgres answered with an error', async () => {
  const { store, postgres } = aPostgres();
  const spool = memorySpool();
  const { intake } = opened(spool, store);
  postgres.trouble = refusal('25006');
  await intake.take(aNotification());
  await intake.close();
  expect(spool.entries.map(({ isDoubtful }) => isDoubtful)).toEqual([false]);
});

it('finds out that Postgres is back also if the spool could store nothing', async () => {
  const { store, tries, postgres } = aPostgres();
  const { intake, told } = opened({ ...memorySpool(), append: () => 'full' }, store);
  postgres.trouble = new Error('no Postgres');
  await expect(intake.take(aNotification())).rejects.toThrow('the spool is full');
  const { spooled } = tries;
  await waitFor(() => tries.spooled > spooled, { ...WITHIN, what: 'another try' });
  expect(told).toEqual(['spooling']);
  postgres.trouble = null;
  await waitFor(() => told.length > 1, { ...WITHIN, what: 'Postgres to be found' });
  expect(await intake.take(aNotification())).toBe('stored');
  await intake.close();
  expect(told).toEqual(['spooling', 'storing again']);
});

it('drains what another process left in the spool, and reports an entry that cannot be read', async () => {
  const { store, stored } = aPostgres();
  const spool = memorySpool();
  spool.append([{ kind: 'notice', row: aRow(1, 40) }], { isDoubtful: false });
  let reads = 0;
  const read: Spool['read'] = (limit) => {
    reads += 1;
    if (reads === 1) throw new Error('the disk gave an error');
    return spool.read(limit);
  };
  const { intake, told } = opened({ ...spool, read }, store);
  await waitFor(() => stored.spooled === 1, { ...WITHIN, what: 'the entry' });
  await intake.close();
  expect(told).toEqual(['not drained', 'drained']);
});

it('without a store spools all there is, for as long as it lives', async () => {
  const spool = memorySpool();
  const { intake, told } = opened(spool, null);
  await Promise.all([intake.take(aNotification()), intake.take(received('{'))]);
  await intake.close();
  expect(spool.entries.map(({ incoming, isDoubtful }) => [incoming.kind, isDoubtful])).toEqual([
    ['notice', false],
    ['unreadable', false],
  ]);
  expect(told).toEqual([]);
});

it('closes once all that it was given is durable, and checks the spool no more', async () => {
  const { store, tries, postgres } = aPostgres();
  const spool = memorySpool();
  const { intake } = opened(spool, store);
  postgres.trouble = new Error('no Postgres');
  const taken = [intake.take(aNotification()), intake.take(received('{'))];
  await intake.close();
  expect(await Promise.all(taken)).toEqual(['stored', 'stored']);
  expect(spool.entries).toHaveLength(2);
  const before = { ...tries };
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(tries).toEqual(before);
});

it('keeps a notification that Postgres refuses for its content as it came', async () => {
  const { store, stored } = aPostgres();
  const { intake } = opened(memorySpool(), { ...store, notices: () => Promise.reject(refusal('54000')) });
  expect(await intake.take(aNotification())).toBe('stored');
  await intake.close();
  expect(stored.unreadable).toBe(1);
});

it('gives up none that met a deadlock: the sender sends it again', async () => {
  const { store, stored } = aPostgres();
  const { intake } = opened(memorySpool(), { ...store, notices: () => Promise.reject(refusal('40P01')) });
  await expect(intake.take(aNotification())).rejects.toThrow('no');
  await intake.close();
  expect(stored.unreadable).toBe(0);
});

it('takes a spooled batch apart that Postgres refuses, and keeps as it came what it refuses alone', async () => {
  const spool = memorySpool();
  const [good, bad] = [aRow(1, 40), aRow(2, 40)];
  for (const row of [good, bad]) spool.append([{ kind: 'notice', row }], { isDoubtful: false });
  const kept: string[] = [];
  const spooled: EvidenceStore['spooled'] = (rows) => {
    const refused = rows.some((one) => one.kind === 'notice' && one.row === bad);
    if (refused) return Promise.reject(refusal('22021'));
    return Promise.resolve(void kept.push(...rows.map(({ kind }) => kind)));
  };
  const { intake, told } = opened(spool, { ...aPostgres().store, spooled });
  await waitFor(() => spool.entries.length === 0, { ...WITHIN, what: 'an empty spool' });
  await intake.close();
  expect(kept).toEqual(['notice', 'unreadable']);
  expect(told).toEqual(['refused', 'drained']);
});
