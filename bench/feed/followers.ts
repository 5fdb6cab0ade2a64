import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from '../../src/db/connection/database.js';
import { listChanges } from '../../src/db/sessions/changes.js';

const PAGE = 500;
const LOOK_AGAIN_MS = 20;

export type Followed = { read: number; versionsMissed: number };

/** Goes on after the last cursor, as a reader does, until nothing follows and the writers are done. */
export async function follow(db: Db, from: string, done: { isOver: boolean }): Promise<Followed> {
  const versions = new Map<string, number>();
  let [after, read, versionsMissed] = [from, 0, 0];
  for (;;) {
    const wereDone = done.isOver;
    const changes = await listChanges(db.pool, after, PAGE);
    for (const { sid, version } of changes) {
      if (version !== (versions.get(sid) ?? 0) + 1) versionsMissed += 1;
      versions.set(sid, version);
    }
    read += changes.length;
    after = changes.at(-1)?.cursor ?? after;
    if (changes.length === 0 && wereDone) return { read, versionsMissed };
    if (changes.length < PAGE) await pause(LOOK_AGAIN_MS);
  }
}
