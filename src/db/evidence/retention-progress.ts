import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** How far a pass through a table has come, and when the last pass ended; null before the first one has. */
export type RetentionProgress = { position: string; throughMs: UnixMs | null };

export async function readProgress(db: Queryable, name: string): Promise<RetentionProgress> {
  const { rows } = await db.query<{ position: string; through_at: Date | null }>(
    `select retention_progress.position::text, retention_progress.through_at
     from retention_progress where retention_progress.name = $1`,
    [name],
  );
  const { position = '0', through_at: throughAt = null } = rows[0] ?? {};
  return { position, throughMs: throughAt === null ? null : unixMs(throughAt.getTime()) };
}

export async function saveProgress(db: Queryable, name: string, progress: RetentionProgress): Promise<void> {
  const { position, throughMs } = progress;
  await db.query(
    `insert into retention_progress (name, position, through_at) values ($1, $2::bigint, $3)
     on conflict (name) do update set position = excluded.position, through_at = excluded.through_at`,
    [name, position, throughMs === null ? null : new Date(throughMs)],
  );
}
