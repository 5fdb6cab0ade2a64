import { keepIncoming } from './keep-incoming.js';
import type { Intake } from './open-intake.js';
import { openSpool } from './spool.js';
import type { Presence } from './store-or-spool.js';

/** Who opens this knows already that Postgres is away, and looks himself whether it is back. */
const AWAY: Presence = { isAway: () => true, failed: () => undefined, stored: () => undefined };

/** Where a receiver puts notifications before it has ever reached Postgres: into the spool, all of them. */
export function openSpoolingIntake(
  spoolDir: string,
  spoolMaxBytes: number,
): Pick<Intake, 'notices' | 'quarantine' | 'spooled' | 'close'> {
  const spool = openSpool(spoolDir, spoolMaxBytes);
  const never = (): Promise<void> => Promise.reject(new Error('Postgres is away'));
  const { notices, quarantine, drain } = keepIncoming(AWAY, spool, never, never);
  const close = async (): Promise<void> => {
    await drain();
    await spool.close();
  };
  return { notices, quarantine, spooled: spool.size, close };
}
