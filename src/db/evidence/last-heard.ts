import { unixMs } from '../../evidence/instant.js';
import { REJECTION_REASONS, type LastHeard } from '../../evidence/rejection.js';
import type { Queryable } from '../connection/database.js';

/** Writes down when something of each kind last came; what is known to be later stays. */
export async function noteLastHeard(db: Queryable, heard: readonly LastHeard[]): Promise<void> {
  const rows = heard
    .map((one) => ({ ...one, key: one.appId ?? NO_APP, name: nameOf(one) }))
    .sort((a, b) => (`${a.key} ${a.name}` < `${b.key} ${b.name}` ? -1 : 1)); // two processes wait for each other in turn
  await db.query(
    `insert into last_heard (app_id, kind, at, advice)
     select told.* from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) as told
     on conflict (app_id, kind) do update set at = excluded.at, advice = excluded.advice
     where excluded.at >= last_heard.at`,
    [
      rows.map(({ key }) => key),
      rows.map(({ name }) => name),
      rows.map(({ atMs }) => new Date(atMs)),
      rows.map((one) => (one.kind === 'rejected' ? one.advice : null)),
    ],
  );
}

/** Newest first. */
export async function readLastHeard(db: Queryable): Promise<LastHeard[]> {
  const { rows } = await db.query<{ app_id: string; kind: string; at: Date; advice: string | null }>(
    `select last_heard.app_id, last_heard.kind, last_heard.at, last_heard.advice
     from last_heard order by last_heard.at desc`,
  );
  return rows.flatMap(({ app_id, kind, at, advice }): LastHeard[] => {
    const where = { appId: app_id === NO_APP ? null : app_id, atMs: unixMs(at.getTime()) };
    if (kind === 'notice' || kind === 'test') return [{ ...where, kind }];
    const reason = REJECTION_REASONS.find((name) => kind === rejectedName(name));
    return reason === undefined ? [] : [{ ...where, kind: 'rejected', reason, advice: advice ?? '' }];
  });
}

/** No App ID is empty. */
const NO_APP = '';

const rejectedName = (reason: string): string => `rejected ${reason}`;

/** Every reason has a row of its own. */
function nameOf(heard: LastHeard): string {
  return heard.kind === 'rejected' ? rejectedName(heard.reason) : heard.kind;
}
