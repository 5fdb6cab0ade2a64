import type { Db } from '../../src/db/connection/database.js';
import { withTransaction } from '../../src/db/connection/with-transaction.js';
import { appendChanges, type NewVersion } from '../../src/db/sessions/changes.js';
import { unixMs } from '../../src/evidence/instant.js';
import { defaultRules } from '../default-rules.js';
import { STORIES } from '../reads/stories.js';
import { templateOf } from '../reads/template.js';

const SESSIONS = 200;

let versions = 0;

/** Publishes so many versions, each as large as a real one, of 200 sessions in turn. */
export async function publish(db: Db, count: number): Promise<void> {
  const like = realVersion();
  const batch = Array.from({ length: count }, () => {
    versions += 1;
    const sid = `5ed${String(versions % SESSIONS).padStart(29, '0')}`;
    return versionLike(like, sid, Math.ceil(versions / SESSIONS));
  });
  for (let n = 0; n < batch.length; n += 200) {
    await withTransaction(db, (tx) => appendChanges(tx, batch.slice(n, n + 200)));
  }
}

function realVersion(): NewVersion {
  const [story] = STORIES;
  const like = story === undefined ? undefined : templateOf(story, defaultRules()).versions.at(-1);
  if (like === undefined) throw new Error('no version to publish');
  return like;
}

function versionLike({ stored, changed, because }: NewVersion, sid: string, version: number): NewVersion {
  const session = { ...stored.session, sid };
  return { changed, because, stored: { ...stored, sid, version, session, updatedMs: unixMs(Date.now()) } };
}
