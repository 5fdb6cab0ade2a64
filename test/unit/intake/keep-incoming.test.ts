import { keepIncoming } from '../../../src/intake/keep-incoming.js';
import type { QuarantineRow } from '../../../src/db/evidence/store-quarantine.js';
import type { Spool } from '../../../src/intake/spool.js';
import { createPresence } from '../../../src/intake/store-or-spool.js';
import { aRow } from '../../support/raw-notifications.js';

/** Never written to: Postgres is there. */
const UNUSED: Spool = {
  id: 'spool',
  append: () => 'full',
  read: () => [],
  drop: () => undefined,
  size: () => ({ entries: 0, bytes: 0 }),
  close: () => Promise.resolve(),
};

function openKeeping(sqlState: string) {
  const unreadable: QuarantineRow[] = [];
  const presence = createPresence(
    () => undefined,
    () => undefined,
  );
  const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('no'), { code: sqlState })); // prettier-ignore
  const keeping = keepIncoming(presence, UNUSED, refuse, (rows) => Promise.resolve(void unreadable.push(...rows))); // prettier-ignore
  return { keeping, unreadable };
}

it('a notification that Postgres refuses for its content is kept as it came', async () => {
  const { keeping, unreadable } = openKeeping('54000');
  const row = aRow(1, 40, { status: 0 });
  expect(await keeping.notices.add(row)).toBe('stored');
  expect(unreadable.map(({ raw, digest }) => [raw.toString(), digest])).toEqual([[row.raw, row.eventKey]]); // prettier-ignore
});

it('one that met a deadlock is not given up: the sender sends it again', async () => {
  const { keeping, unreadable } = openKeeping('40P01');
  await expect(keeping.notices.add(aRow(1, 40, { status: 0 }))).rejects.toThrow('no');
  expect(unreadable).toEqual([]);
});
