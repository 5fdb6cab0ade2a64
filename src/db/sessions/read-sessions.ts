import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Prisma } from '../../generated/prisma/client.js';
import type { Certainty, LedgerSession, SessionOutcome, SessionState } from '../../sessions/verdict/session.js';
import type { Db } from '../connection/database.js';
import { readSessionBody, type SessionBody } from './session-body.js';

/** A session as it is published, without its facts. */
export type PublishedSession = {
  session: LedgerSession;
  version: number;
  createdMs: UnixMs;
  updatedMs: UnixMs;
};

export type SessionFilters = {
  appId?: string | undefined;
  state?: SessionState | undefined;
  outcome?: SessionOutcome | undefined;
  certainty?: Certainty | undefined;
  mode?: string | undefined;
  cname?: string | undefined;
  hasGaps?: boolean | undefined;
  startedFromMs?: UnixMs | undefined;
  startedToMs?: UnixMs | undefined;
  updatedAfterMs?: UnixMs | undefined;
};

export type SessionPage = { limit: number; after: { createdMs: UnixMs; sid: string } | null };

const PUBLISHED = { session: true, version: true, createdAt: true, updatedAt: true } as const;

type PublishedRow = {
  session: Prisma.JsonValue;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

export async function findSession(db: Db, sid: string): Promise<PublishedSession | null> {
  const row = await db.prisma.ledgerSession.findUnique({ where: { sid }, select: PUBLISHED });
  return row === null ? null : toPublished(row);
}

/** Newest first, by when the ledger first heard of them. */
export async function listSessions(
  db: Db,
  filters: SessionFilters,
  { limit, after }: SessionPage,
): Promise<PublishedSession[]> {
  const rows = await db.prisma.ledgerSession.findMany({
    where: { AND: [whereOf(filters), after === null ? {} : isOlderThan(after)] },
    orderBy: [{ createdAt: 'desc' }, { sid: 'desc' }],
    take: limit,
    select: PUBLISHED,
  });
  return rows.map(toPublished);
}

/** Only this room writes the column, with the result of `conclude`. */
function toPublished({ session, version, createdAt, updatedAt }: PublishedRow): PublishedSession {
  return {
    session: readSessionBody(session as unknown as SessionBody),
    version,
    createdMs: unixMs(createdAt.getTime()),
    updatedMs: unixMs(updatedAt.getTime()),
  };
}

function whereOf(filters: SessionFilters): Prisma.LedgerSessionWhereInput {
  const { appId, state, outcome, certainty, mode, cname, hasGaps } = filters;
  const { startedFromMs, startedToMs, updatedAfterMs } = filters;
  return {
    ...defined({ appId, state, outcome, certainty, mode, cname, hasGaps }),
    startedAt: defined({ gte: dateOf(startedFromMs), lt: dateOf(startedToMs) }),
    updatedAt: defined({ gt: dateOf(updatedAfterMs) }),
  };
}

function isOlderThan({ createdMs, sid }: NonNullable<SessionPage['after']>): Prisma.LedgerSessionWhereInput {
  const at = new Date(createdMs);
  return { OR: [{ createdAt: { lt: at } }, { createdAt: at, sid: { lt: sid } }] };
}

function dateOf(atMs: UnixMs | undefined): Date | undefined {
  return atMs === undefined ? undefined : new Date(atMs);
}

/** Without the keys that are undefined: Prisma reads an empty filter as "any". */
function defined<T extends Record<string, unknown>>(filters: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(filters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
