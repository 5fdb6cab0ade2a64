import { startDraining } from '../../../src/intake/drain-spool.js';
import type { Spool, SpoolEntry } from '../../../src/intake/spool.js';
import { createPresence } from '../../../src/intake/store-or-spool.js';
import { aRow } from '../../support/raw-notifications.js';
import { waitFor } from '../../support/wait-for.js';

const entry: SpoolEntry = {
  key: 1,
  isDoubtful: false,
  incoming: { kind: 'notice', row: aRow(1, 40, { status: 0 }) },
};

/** A spool with one entry, the first reading of which fails. */
function brokenOnce(): Spool {
  let reads = 0;
  const waiting = [entry];
  return {
    id: 'spool',
    append: () => 'full',
    read: () => {
      reads += 1;
      if (reads === 1) throw new Error('the disk gave an error');
      return [...waiting];
    },
    drop: () => void waiting.splice(0),
    size: () => ({ entries: waiting.length, bytes: 0 }),
    close: () => Promise.resolve(),
  };
}

it('that Postgres is back is found out too where the spool could take nothing', async () => {
  const told: string[] = [];
  const presence = createPresence(
    () => told.push('away'),
    () => told.push('back'),
  );
  presence.failed(new Error('no Postgres'));
  let tries = 0;
  const draining = startDraining({
    spool: { ...brokenOnce(), read: () => [] },
    presence,
    store: () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error('no Postgres yet')) : Promise.resolve();
    },
    onRefused: () => undefined,
    onDrained: () => told.push('drained'),
    onFailed: () => told.push('failed'),
  });
  await waitFor(() => !presence.isAway(), { deadlineMs: 5_000, what: 'Postgres to be found' });
  await draining.stop();
  expect(told).toEqual(['away', 'back']);
  expect(tries).toBe(3);
});

it('a spool that cannot be read is told of, and looked at again', async () => {
  const [failures, stored]: [unknown[], unknown[]] = [[], []];
  const draining = startDraining({
    spool: brokenOnce(),
    presence: createPresence(
      () => undefined,
      () => undefined,
    ),
    store: (rows) => Promise.resolve(void stored.push(...rows)),
    onRefused: () => undefined,
    onDrained: () => undefined,
    onFailed: (error) => failures.push(error),
  });
  await waitFor(() => stored.length === 1, { deadlineMs: 5_000, what: 'the entry' });
  await draining.stop();
  expect(failures).toHaveLength(1);
});
