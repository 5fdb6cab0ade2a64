import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { FileMention } from '../../evidence/file-mention.js';
import {
  mergeFiles,
  type FileKind,
  type FileSummary,
  type RecordedFile,
  type StoredFile,
} from '../../sessions/facts/files.js';
import type { Queryable } from '../connection/database.js';

export type SessionFiles = { sid: string; files: readonly RecordedFile[] };

const LOOKED = (row: string): string => `(${row}.stored->>'lookedMs')::float8`;
/** Of two looks at one moment that into the bucket whose name comes first. */
const IS_LATER_LOOK = `excluded.stored is not null and (kept.stored is null or ${LOOKED('excluded')} > ${LOOKED('kept')} or (
  ${LOOKED('excluded')} = ${LOOKED('kept')} and (excluded.stored->>'bucket') collate "C" < kept.stored->>'bucket'))`;

/** How each column is merged with a new mention, as `mergeFile` does it. */
const MERGED: Readonly<Record<string, string>> = {
  track_type: 'least(kept.track_type, excluded.track_type)',
  uid: 'least(kept.uid collate "C", excluded.uid collate "C")',
  mixed_all_user: 'greatest(kept.mixed_all_user, excluded.mixed_all_user)',
  playable: 'greatest(kept.playable, excluded.playable)',
  slice_started_at: 'least(kept.slice_started_at, excluded.slice_started_at)',
  video_id: 'least(kept.video_id collate "C", excluded.video_id collate "C")',
  first_seen_at: 'least(kept.first_seen_at, excluded.first_seen_at)',
  stored: `case when ${IS_LATER_LOOK} then excluded.stored else kept.stored end`,
  sources: 'array(select distinct source from unnest(kept.sources || excluded.sources) source order by source)',
};
const SET = Object.entries(MERGED).map(([column, merged]) => `${column} = ${merged}`);
const IS_NEWS = Object.entries(MERGED).map(([column, merged]) => `${merged} is distinct from kept.${column}`);

/**
 * Adds what evidence says about files. The statement merges like `mergeFile`, so that the order does not
 * change the result. The caller holds the sessions' locks. Returns the sessions of which anything was
 * new: most queries repeat the list that is known.
 */
export async function saveFiles(tx: PoolClient, named: readonly SessionFiles[]): Promise<ReadonlySet<string>> {
  const rows = named.flatMap(({ sid, files }) => mergeFiles(files).map((file) => ({ sid, file })));
  if (rows.length === 0) return new Set();
  const { rows: learned } = await tx.query<{ sid: string }>(
    `insert into session_files as kept (
       sid, name, kind, track_type, uid, mixed_all_user, playable, slice_started_at, video_id,
       first_seen_at, sources, stored
     )
     select told.sid, told.name, told.kind, told.track_type, told.uid, told.mixed_all_user,
            told.playable, told.slice_started_at, told.video_id, told.first_seen_at,
            string_to_array(told.sources, ' '), told.stored
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
                 $7::boolean[], $8::timestamptz[], $9::text[], $10::timestamptz[], $11::text[], $12::jsonb[])
       as told (sid, name, kind, track_type, uid, mixed_all_user, playable, slice_started_at,
                video_id, first_seen_at, sources, stored)
     on conflict (sid, name) do update set ${SET.join(', ')} where ${IS_NEWS.join(' or ')}
     returning kept.sid`,
    columnsOf(rows),
  );
  return new Set(learned.map(({ sid }) => sid));
}

/**
 * A summary of each session's files, for those that have any. The details of a file count, but not which source
 * told them or when; of snapshots only the number, because there may be tens of thousands. How a file lies in a
 * bucket counts where somebody has looked, so that nothing changes for all others.
 */
export async function countFiles(tx: PoolClient, sids: readonly string[]): Promise<ReadonlyMap<string, FileSummary>> {
  if (sids.length === 0) return new Map();
  const { rows } = await tx.query<FileSummary & { sid: string }>(
    `select files.sid, count(*)::int as count, (count(*) filter (where files.kind = 'snapshot'))::int as snapshots,
            md5(coalesce(string_agg(
              json_build_array(files.name, files.track_type, files.uid, files.mixed_all_user, files.playable,
                               extract(epoch from files.slice_started_at), files.video_id)::text
                || coalesce((files.stored - 'lookedMs')::text, ''), ','
              order by files.name collate "C"
            ) filter (where files.kind <> 'snapshot'), '')) as digest
     from session_files as files where files.sid = any($1::text[]) group by files.sid`,
    [sids],
  );
  return new Map(rows.map(({ sid, ...files }) => [sid, files]));
}

function columnsOf(rows: readonly { sid: string; file: RecordedFile }[]): unknown[][] {
  const files = rows.map(({ file }) => file);
  return [
    rows.map(({ sid }) => sid),
    files.map((file) => file.name),
    files.map((file) => file.kind),
    files.map((file) => file.trackType),
    files.map((file) => file.uid),
    files.map((file) => file.mixedAllUser),
    files.map((file) => file.playable),
    files.map((file) => dateOrNull(file.sliceStartedMs)),
    files.map((file) => file.videoId),
    files.map((file) => new Date(file.firstSeenMs)),
    files.map((file) => file.sources.join(' ')),
    files.map((file) => (file.stored === null ? null : JSON.stringify(file.stored))),
  ];
}

/**
 * Deletes the file lists of these sessions. A refold builds them again, so that files that a better decoder
 * no longer names disappear.
 */
export async function forgetFiles(tx: PoolClient, sids: readonly string[]): Promise<void> {
  if (sids.length === 0) return;
  await tx.query(`delete from session_files where session_files.sid = any($1::text[])`, [sids]);
}

type FileRow = {
  name: string;
  kind: FileKind;
  track_type: FileMention['trackType'];
  uid: string | null;
  mixed_all_user: boolean | null;
  playable: boolean | null;
  slice_started_at: Date | null;
  video_id: string | null;
  first_seen_at: Date;
  sources: string[];
  stored: StoredFile | null;
};

/** A page of a session's files by name, after `afterName`. */
export async function listFiles(db: Queryable, sid: string, afterName: string, limit: number): Promise<RecordedFile[]> {
  const { rows } = await db.query<FileRow>(
    `select session_files.* from session_files
     where session_files.sid = $1 and session_files.name > $2
     order by session_files.name limit $3`,
    [sid, afterName, limit],
  );
  return rows.map(toFile);
}

function toFile(row: FileRow): RecordedFile {
  return {
    name: row.name,
    kind: row.kind,
    trackType: row.track_type,
    uid: row.uid,
    mixedAllUser: row.mixed_all_user,
    playable: row.playable,
    sliceStartedMs: instantOrNull(row.slice_started_at),
    videoId: row.video_id,
    firstSeenMs: unixMs(row.first_seen_at.getTime()),
    stored: row.stored,
    sources: row.sources,
  };
}

function dateOrNull(atMs: UnixMs | null): Date | null {
  return atMs === null ? null : new Date(atMs);
}

function instantOrNull(at: Date | null): UnixMs | null {
  return at === null ? null : unixMs(at.getTime());
}

/** The newest of a session's files that were known at a moment, by when they were first heard of. */
export async function listNewestFiles(
  db: Queryable,
  sid: string,
  atMs: UnixMs,
  limit: number,
): Promise<RecordedFile[]> {
  const { rows } = await db.query<FileRow>(
    `select session_files.* from session_files
     where session_files.sid = $1 and session_files.first_seen_at <= $2
     order by session_files.first_seen_at desc, session_files.name limit $3`,
    [sid, new Date(atMs), limit],
  );
  return rows.map(toFile);
}

/** More names than that are of snapshots. */
const MOST_TOLD = 5_000;

/** The names of a session's files that others than a bucket have told. */
export async function listFileNames(db: Queryable, sid: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select session_files.name from session_files
     where session_files.sid = $1 and session_files.sources <> array['bucket']
     order by session_files.kind = 'snapshot', session_files.name limit $2`,
    [sid, MOST_TOLD],
  );
  return rows.map(({ name }) => name);
}
