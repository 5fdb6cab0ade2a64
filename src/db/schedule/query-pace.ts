import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';

/** Pauses all queries of the account for the given time. A shorter pause never replaces a longer one. */
export async function pauseAccount(db: Db, account: string, forMs: number, reason: PauseReason): Promise<void> {
  await db.pool.query(
    `insert into query_pace as pace (account, next_slot_at, paused_until, pause_reason, paused_since, unanswered_since)
     values ($1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond', $3, clock_timestamp(),
             case when $4 then clock_timestamp() end)
     on conflict (account) do update set
       paused_since = case when pace.paused_until > clock_timestamp()
                           then coalesce(pace.paused_since, excluded.paused_since) else excluded.paused_since end,
       paused_until = greatest(pace.paused_until, excluded.paused_until),
       pause_reason = excluded.pause_reason,
       unanswered_since = coalesce(pace.unanswered_since, excluded.unanswered_since)`,
    [account, forMs, reason, reason === 'unreachable' || reason === 'unauthorized'],
  );
}

/** `throttled`: too many queries; `quota`: this window is used up; the others: no query can be asked. */
export type PauseReason = 'throttled' | 'quota' | 'unauthorized' | 'unreachable';

/** After a 429 the pace is halved at once, down to an eighth; every other answer restores a little of it. */
export async function slowDown(db: Db, account: string): Promise<void> {
  await db.pool.query(
    `update query_pace set rate_factor = greatest(query_pace.rate_factor / 2, 0.125)
     where query_pace.account = $1`,
    [account],
  );
}

export async function speedUp(db: Db, account: string): Promise<void> {
  await db.pool.query(
    `update query_pace set rate_factor = least(query_pace.rate_factor * 1.05, 1), unanswered_since = null
     where query_pace.account = $1
       and (query_pace.rate_factor < 1 or query_pace.unanswered_since is not null)`,
    [account],
  );
}

/** The factor to which 429s slowed accounts down; accounts at full pace are left out. */
export async function readSlowed(db: Db): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.pool.query<{ account: string; factor: number }>(
    `select query_pace.account, query_pace.rate_factor as factor from query_pace
     where query_pace.rate_factor < 1`,
  );
  return new Map(rows.map(({ account, factor }) => [account, factor]));
}

/** What keeps an account from being asked, by the database's clock; null of what does not. */
export type PaceState = {
  pause: { sinceMs: UnixMs; untilMs: UnixMs; reason: string } | null;
  /** No query was answered since. */
  unansweredSinceMs: UnixMs | null;
};

/** Of the accounts that something keeps from being asked: pauses that last longer than `shortMs` from now, and silence. */
export async function readPaceStates(db: Queryable, shortMs: number): Promise<ReadonlyMap<string, PaceState>> {
  const { rows } = await db.query<PaceStateRow>(
    `select query_pace.account, query_pace.pause_reason, query_pace.paused_until, query_pace.unanswered_since,
            coalesce(query_pace.paused_since, now()) as paused_since,
            coalesce(query_pace.paused_until > clock_timestamp() + $1::float8 * interval '1 millisecond', false) as is_long
     from query_pace
     where query_pace.unanswered_since is not null or query_pace.paused_until > clock_timestamp()`,
    [shortMs],
  );
  return new Map(rows.map((row) => [row.account, paceState(row)]));
}

type PaceStateRow = {
  account: string;
  pause_reason: string | null;
  paused_since: Date;
  paused_until: Date | null;
  unanswered_since: Date | null;
  is_long: boolean;
};

function paceState({ is_long, paused_since, paused_until, pause_reason, unanswered_since }: PaceStateRow): PaceState {
  const isPaused = is_long && paused_until !== null;
  return {
    pause: isPaused
      ? {
          sinceMs: unixMs(paused_since.getTime()),
          untilMs: unixMs(paused_until.getTime()),
          reason: pause_reason ?? '',
        }
      : null,
    unansweredSinceMs: unanswered_since === null ? null : unixMs(unanswered_since.getTime()),
  };
}

/** Accounts that got no answer lately, because Agora cannot be reached or refuses them. */
export async function readUnanswered(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await db.pool.query<{ account: string }>(
    `select query_pace.account from query_pace where query_pace.unanswered_since is not null`,
  );
  return new Set(rows.map(({ account }) => account));
}

export async function readPauses(db: Db): Promise<ReadonlyMap<string, { forMs: number; reason: string }>> {
  const { rows } = await db.pool.query<{ account: string; for_ms: number; reason: string }>(
    `select query_pace.account, coalesce(query_pace.pause_reason, '') as reason,
            extract(epoch from query_pace.paused_until - clock_timestamp())::float8 * 1000 as for_ms
     from query_pace where query_pace.paused_until > clock_timestamp()`,
  );
  return new Map(rows.map(({ account, for_ms, reason }) => [account, { forMs: for_ms, reason }]));
}
