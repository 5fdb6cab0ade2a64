import type { Incoming } from '../db/incoming-rows.js';
import { createGroupCommit, LIMITS, type GroupCommit } from './group-commit.js';
import type { Intake } from './open-intake.js';
import { openSpool } from './spool.js';
import { createPresence, storeOrSpool } from './store-or-spool.js';

/** Where a receiver puts notifications before it has ever reached Postgres: into the spool, all of them. */
export function openSpoolingIntake(
  spoolDir: string,
  spoolMaxBytes: number,
): Pick<Intake, 'notices' | 'quarantine' | 'close'> {
  const spool = openSpool(spoolDir, spoolMaxBytes);
  const presence = createPresence(nothing, nothing);
  presence.failed(null);
  const never = (): Promise<void> => Promise.reject(new Error('Postgres is away'));
  const keeping = <T>(toIncoming: (row: T) => Incoming): GroupCommit<T> =>
    createGroupCommit({ ...LIMITS, store: storeOrSpool(presence, spool, never, toIncoming) });
  const notices: Intake['notices'] = keeping((row) => ({ kind: 'notice', row }));
  const quarantine: Intake['quarantine'] = keeping((row) => ({ kind: 'unreadable', row }));
  const close = async (): Promise<void> => {
    await Promise.all([notices.drain(), quarantine.drain()]);
    await spool.close();
  };
  return { notices, quarantine, close };
}

function nothing(): void {
  // Who opens this knows already that Postgres is away, and looks himself whether it is back.
}
