import type { BucketLook, LookOutcome } from '../../evidence/bucket-look.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** Stores a look; false if one of that moment is stored already. */
export async function insertLook(db: Queryable, look: BucketLook): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into bucket_looks (sid, bucket, asked_at, answered_at, folders, outcome)
     values ($1, $2, $3, $4, $5, $6) on conflict (sid, bucket, asked_at) do nothing`,
    [
      look.sid,
      look.bucket,
      new Date(look.askedMs),
      new Date(look.answeredMs),
      look.folders,
      JSON.stringify(look.outcome),
    ],
  );
  return rowCount === 1;
}

export async function loadLooks(db: Queryable, sids: readonly string[]): Promise<BucketLook[]> {
  const { rows } = await db.query<LookRow>(
    `select bucket_looks.* from bucket_looks
     where bucket_looks.sid = any($1::text[]) order by bucket_looks.asked_at, bucket_looks.bucket`,
    [sids],
  );
  return rows.map((row) => ({
    kind: 'bucket_look',
    sid: row.sid,
    bucket: row.bucket,
    folders: row.folders,
    askedMs: unixMs(row.asked_at.getTime()),
    answeredMs: unixMs(row.answered_at.getTime()),
    outcome: row.outcome,
  }));
}

type LookRow = {
  sid: string;
  bucket: string;
  asked_at: Date;
  answered_at: Date;
  folders: string[];
  outcome: LookOutcome;
};

/** Drops looks before a moment whose session has archived facts, which hold what they amount to. */
export async function dropLooks(db: Queryable, beforeMs: UnixMs, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from bucket_looks using (
       select old.sid, old.bucket, old.asked_at from bucket_looks as old
       join archived_facts on archived_facts.sid = old.sid and archived_facts.archived_at > old.answered_at
       where old.answered_at < $1 limit $2
     ) as old
     where bucket_looks.sid = old.sid and bucket_looks.bucket = old.bucket and bucket_looks.asked_at = old.asked_at`,
    [new Date(beforeMs), limit],
  );
  return rowCount ?? 0;
}
