import type { Queryable } from '../connection/database.js';

/** Which key the secrets in this database are encrypted with; null before the first. */
export async function readKeyFingerprint(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ fingerprint: string | null }>(
    `select state.key_fingerprint as fingerprint from webhook_state as state`,
  );
  return rows[0]?.fingerprint ?? null;
}

/** Notes it, unless another one was noted meanwhile. */
export async function noteKeyFingerprint(db: Queryable, fingerprint: string, before: string | null): Promise<boolean> {
  const { rowCount } = await db.query(
    `update webhook_state set key_fingerprint = $1 where webhook_state.key_fingerprint is not distinct from $2`,
    [fingerprint, before],
  );
  return rowCount === 1;
}

export type StoredSecrets = { id: string; secret: string; oldSecret: string | null };

export async function listSecrets(db: Queryable): Promise<StoredSecrets[]> {
  const { rows } = await db.query<StoredSecrets>(
    `select endpoint.id, endpoint.secret, endpoint.old_secret as "oldSecret" from webhook_endpoints as endpoint`,
  );
  return rows;
}

/** Puts the same secrets, encrypted anew, in place of those that were read. */
export async function reencryptSecrets(db: Queryable, before: StoredSecrets, now: StoredSecrets): Promise<void> {
  await db.query(
    `update webhook_endpoints as endpoint set secret = $2, old_secret = $3
     where endpoint.id = $1 and endpoint.secret = $4 and endpoint.old_secret is not distinct from $5`,
    [before.id, now.secret, now.oldSecret, before.secret, before.oldSecret],
  );
}
