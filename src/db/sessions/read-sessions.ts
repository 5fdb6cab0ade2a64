import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Prisma } from '../../generated/prisma/client.js';
import type { LedgerSession } from '../../sessions/verdict/session.js';
import type { Db } from '../connection/database.js';
import { readSessionBody, type SessionBody } from './session-body.js';

/** A session as it is published, without its facts. */
export type PublishedSession = {
  session: LedgerSession;
  version: number;
  createdMs: UnixMs;
  updatedMs: UnixMs;
};

const PUBLISHED = { session: true, version: true, createdAt: true, updatedAt: true } as const;

export type PublishedRow = {
  session: Prisma.JsonValue;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

export async function findSession(db: Db, sid: string): Promise<PublishedSession | null> {
  const row = await db.prisma.ledgerSession.findUnique({ where: { sid }, select: PUBLISHED });
  return row === null ? null : toPublished(row);
}

/** Only this room writes the column, with the result of `conclude`. */
export function toPublished({ session, version, createdAt, updatedAt }: PublishedRow): PublishedSession {
  return {
    session: readSessionBody(session as unknown as SessionBody),
    version,
    createdMs: unixMs(createdAt.getTime()),
    updatedMs: unixMs(updatedAt.getTime()),
  };
}
