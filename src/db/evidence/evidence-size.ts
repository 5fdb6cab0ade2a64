import type { Queryable } from '../connection/database.js';

/** How much evidence a session has, counted up to a limit. */
export type EvidenceSize = { evidence: number; bytes: number };

/** How much evidence each of these sessions has. Counts at most `limit` rows of each kind. */
export async function measureEvidence(
  db: Queryable,
  sids: readonly string[],
  limit: number,
): Promise<Map<string, EvidenceSize>> {
  if (sids.length === 0) return new Map();
  const { rows } = await db.query<EvidenceSize & { sid: string }>(
    `select told.sid, (noticed.n + observed.n + repeated.n)::int as evidence,
            (noticed.bytes + observed.bytes)::float8 as bytes
     from unnest($1::text[]) as told (sid)
     cross join lateral (
       select count(*) as n, coalesce(sum(octet_length(capped.raw)), 0) as bytes
       from (select notices.raw from notices where notices.sid = told.sid limit $2) as capped
     ) as noticed
     cross join lateral (
       select count(*) as n, coalesce(sum(octet_length(capped.body)), 0) as bytes
       from (select observations.body from observations where observations.sid = told.sid limit $2) as capped
     ) as observed
     cross join lateral (
       select count(*) as n
       from (select from repeated_deliveries where repeated_deliveries.sid = told.sid limit $2) as capped
     ) as repeated`,
    [sids, limit],
  );
  return new Map(rows.map(({ sid, evidence, bytes }) => [sid, { evidence, bytes }]));
}
