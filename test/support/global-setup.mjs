// Plain JavaScript out of dist/: Jest runs this file outside of its module system, where TypeScript
// with ES imports does not load.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from '../../scripts/build-if-stale.mjs';
import { findChromium } from './find-chromium.mjs';
import { findFaketime } from './find-faketime.mjs';
import { findGo } from './find-go.mjs';
import { findPgBouncer } from './find-pgbouncer.mjs';
import { findSwift } from './find-swift.mjs';
import { findPromtool } from './find-promtool.mjs';
import { startGuard } from './guard.mjs';
import { startRedis } from './start-redis.mjs';

/** Nothing here is to outlive the run, so nothing waits for the disk. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '400', // of several services at once, and of tests that ask for more than there are
};

/** Of another version: TEST_POSTGRES_BIN names the folder of its `initdb` and `postgres`. */
function otherServer() {
  const binDir = process.env['TEST_POSTGRES_BIN'];
  return binDir ? { binDir } : {};
}

/** One Postgres and one Redis for the run. What the tests need to know stands in the environment. */
export default async function globalSetup() {
  buildIfStale();
  const { startEmbeddedPostgres } = await import('../../dist/embedded/embedded-postgres.js');
  const { migrate } = await import('../../dist/db/migrations/migrate.js');
  const folder = await mkdtemp(join(tmpdir(), 'recording-ledger-test-'));
  const guard = startGuard(folder);
  const opened = { folder, guard, postgres: null, redis: null };
  globalThis.recordingLedgerTests = opened;
  opened.redis = await startRedis(folder);
  opened.postgres = await startEmbeddedPostgres({
    dataDir: folder,
    log: () => undefined,
    settings: SETTINGS,
    ...otherServer(),
  });
  await migrate(opened.postgres.url);
  process.env['LEDGER_TEST_FOLDER'] = folder;
  process.env['LEDGER_TEST_TEMPLATE'] = opened.postgres.url;
  process.env['LEDGER_TEST_FAKETIME'] = findFaketime() ?? '';
  process.env['LEDGER_TEST_PGBOUNCER'] = findPgBouncer() ?? '';
  process.env['LEDGER_TEST_SWIFT'] = findSwift() ?? '';
  process.env['LEDGER_TEST_PROMTOOL'] = findPromtool() ?? '';
  process.env['LEDGER_TEST_GO'] = findGo() ?? '';
  process.env['LEDGER_TEST_CHROMIUM'] = findChromium() ?? '';
  process.env['LEDGER_TEST_REDIS'] = opened.redis?.url ?? '';
}
