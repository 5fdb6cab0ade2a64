import { type UnixMs, utcDay } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** What is counted for a day: sessions that started in it, ends, and the notifications received. */
export const ROLLUP_KINDS = ['sessions', 'ends', 'deliveries'] as const;
export type RollupKind = (typeof ROLLUP_KINDS)[number];

/** Something of a kind that happened then and was learned or changed just now. */
export type RolledUp = { kind: RollupKind; atMs: UnixMs };

/**
 * Marks the days (UTC) before that of `nowMs` to be counted again; later ones are not counted yet. In the
 * transaction that writes what changed: a count that does not see it does not see the mark either, which stays.
 * Ours: docs/decisions/033-days-are-counted-once-they-are-over.md
 */
export async function markDays(db: Queryable, changed: readonly RolledUp[], nowMs: UnixMs): Promise<void> {
  const today = utcDay(nowMs);
  const late = changed.filter(({ atMs }) => utcDay(atMs) < today);
  const marks = new Map(late.map(({ kind, atMs }) => [`${kind} ${utcDay(atMs)}`, { kind, day: utcDay(atMs) }]));
  if (marks.size === 0) return;
  const rows = [...marks.values()];
  await db.query(
    `insert into rollup_marks (kind, day) select told.kind, told.day from unnest($1::text[], $2::date[]) as told (kind, day)`,
    [rows.map(({ kind }) => kind), rows.map(({ day }) => day)],
  );
}
