import { takeTurns } from '../../src/db/schedule/bucket-checks.js';
import { listFiles } from '../../src/db/sessions/session-files.js';
import { findSession } from '../../src/db/sessions/read-sessions.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { plusMs, unixMs, type UnixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { refoldSession } from '../../src/ledger/fold-sessions.js';
import { recordLooks, requestLook } from '../../src/ledger/record-look.js';
import { register } from '../../src/ledger/register.js';
import { aLook, aPlaylist, aRegistration, at, listed, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

const BUCKET = { name: 'main', bucket: 'recordings', appIds: null, prefix: '' };
const LEASE_MS = 60_000;

let ledger: TestLedger;
let nowMs: UnixMs;
beforeEach(async () => {
  ledger = await createTestLedger();
  ledger.context.rules = { ...ledger.context.rules, buckets: [BUCKET] };
  ledger.context.now = () => nowMs;
  nowMs = at(1);
  await register(ledger.context, aRegistration());
  nowMs = at(301);
  const start = aRow(2, 40, { status: 0 }, { sequence: 0 });
  await storeNotices(ledger.db.pool, [start, aRow(300, 11, { exitStatus: 0 }, { sequence: 1, serviceType: 0 })], 1);
  await foldAll(ledger.context);
});
afterEach(async () => {
  await ledger.close();
});

async function turnsAt(seconds: number): Promise<string[]> {
  const turns = await takeTurns(ledger.db.pool, at(seconds), LEASE_MS, 10);
  return turns.map(({ lookClass }) => lookClass);
}

describe('a turn to look into the bucket', () => {
  it('comes a minute after the end was learned, to one process', async () => {
    expect(await turnsAt(360)).toEqual([]);
    expect(await turnsAt(361)).toEqual(['unvouched']);
    expect(await turnsAt(362)).toEqual([]);
  });

  it('comes again after its lease, if the process that had it died', async () => {
    await turnsAt(361);
    expect(await turnsAt(361 + LEASE_MS / 1000)).toEqual(['unvouched']);
  });

  it('comes at once where somebody asks, and is over with the look', async () => {
    nowMs = at(310);
    expect(await requestLook(ledger.context, SID)).toBe('requested');
    expect(await turnsAt(310)).toEqual(['asked']);
    await recordLooks(ledger.context, SID, [aLook(311, listed())]);
    expect(await turnsAt(360)).toEqual([]);
    expect(await turnsAt(362)).toEqual(['unvouched']);
  });

  it('that was asked for again while a look was made comes again', async () => {
    nowMs = at(310);
    await requestLook(ledger.context, SID);
    await turnsAt(310);
    nowMs = at(312);
    await recordLooks(ledger.context, SID, [aLook(309, listed())]);
    expect(await turnsAt(313)).toEqual(['asked']);
  });

  it('does not come again once everything is there', async () => {
    await turnsAt(361);
    nowMs = at(362);
    await recordLooks(ledger.context, SID, [aLook(361, listed({ files: [aPlaylist(3)] }))]);
    expect(await turnsAt(10 * 86_400)).toEqual([]);
  });

  it('is not to be had for a session that nobody knows, or that no bucket fits', async () => {
    expect(await requestLook(ledger.context, 'unknown')).toBe('unknown_session');
    ledger.context.rules = { ...ledger.context.rules, buckets: [] };
    expect(await requestLook(ledger.context, SID)).toBe('no_bucket');
  });
});

describe('what a look showed', () => {
  it('is a version with its reason, and stays byte for byte when all is folded again', async () => {
    nowMs = at(372);
    await recordLooks(ledger.context, SID, [aLook(371, listed({ files: [aPlaylist(3)] }))]);
    const before = await findSession(ledger.db, SID);
    expect(before?.session).toMatchObject({ upload: { state: 'uploaded' }, bucket: { complete: true } });
    const { rows } = await ledger.db.pool.query<{ because: unknown; changed: string[] }>(
      'select because, changed from changes order by cursor desc limit 1',
    );
    expect(rows[0]?.because).toMatchObject([{ source: 'bucket', kind: 'listed' }]);
    expect(rows[0]?.changed).toEqual(expect.arrayContaining(['files', 'upload.state']));
    await ledger.db.pool.query('delete from sessions');
    nowMs = plusMs(nowMs, 1_000);
    await refoldSession(ledger.context, SID);
    expect(await findSession(ledger.db, SID)).toEqual(before);
  });

  it('of a file is what the newest look that found it saw, in whatever order looks are folded', async () => {
    const [one, two] = [
      aLook(371, listed({ files: [aPlaylist(5, 2)] })),
      aLook(471, listed({ files: [aPlaylist(5)] })),
    ];
    nowMs = at(500);
    await recordLooks(ledger.context, SID, [two]);
    await recordLooks(ledger.context, SID, [one]);
    const [file] = await listFiles(ledger.db.pool, SID, '', 10);
    expect(file?.stored).toMatchObject({ lookedMs: at(471), playlist: { missing: 0 } });
    expect((await findSession(ledger.db, SID))?.session.upload.state).toBe('uploaded');
  });

  it('again changes nothing', async () => {
    const look = aLook(371, listed({ files: [aPlaylist(5, 2)] }));
    nowMs = at(500);
    await recordLooks(ledger.context, SID, [look]);
    const before = await findSession(ledger.db, SID);
    nowMs = unixMs(nowMs + 1_000);
    await recordLooks(ledger.context, SID, [look]);
    expect(await findSession(ledger.db, SID)).toEqual(before);
  });
});
