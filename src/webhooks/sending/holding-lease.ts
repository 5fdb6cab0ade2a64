import { openSender, renewSender } from '../../db/webhooks/senders.js';
import { createPoster } from '../post-delivery.js';
import type { HoldingLease, Sending } from './sending.js';

const LEASE_MS = 6_000;
const RENEW_EVERY_MS = 1_500;
/** So long before others may take over, nothing is sent any more. */
const MARGIN_MS = 1_000;

/** The present lease, or a new one. */
export async function currentLease(sending: Sending): Promise<HoldingLease> {
  if (sending.lease !== null) return sending.lease;
  sending.leasing ??= takeLease(sending).finally(() => (sending.leasing = null));
  return sending.leasing;
}

async function takeLease(sending: Sending): Promise<HoldingLease> {
  const { db, allowed, ca, resolve } = sending.context;
  const abort = new AbortController();
  const sender = await openSender(db, (error) => {
    sending.onFailed(error);
    loseLease(sending, abort);
  });
  await renewSender(db.pool, sender.id, LEASE_MS);
  const poster = createPoster({ allowed, ca, aborted: abort.signal, ...(resolve === undefined ? {} : { resolve }) });
  sending.lease = { sender, poster, abort, renewedAt: performance.now() };
  return sending.lease;
}

export async function renewLease(sending: Sending, lease: HoldingLease): Promise<void> {
  const askedAt = performance.now();
  await renewSender(sending.context.db.pool, lease.sender.id, LEASE_MS);
  lease.renewedAt = askedAt;
}

export function isToBeRenewed({ renewedAt }: HoldingLease): boolean {
  return performance.now() - renewedAt >= RENEW_EVERY_MS;
}

export function isOverdue({ renewedAt }: HoldingLease): boolean {
  return performance.now() - renewedAt > LEASE_MS - MARGIN_MS;
}

/** Others may have its endpoints now: nothing more is sent, and nothing is saved. */
export function loseLease(sending: Sending, abort: AbortController): void {
  abort.abort();
  const lost = sending.lease;
  if (lost?.abort !== abort) return;
  for (const { run } of sending.held.values()) run.stop();
  sending.held.clear();
  void endLease(sending, lost);
}

/** Ends it where nothing is held any more. */
export async function endLease(sending: Sending, lease: HoldingLease): Promise<void> {
  if (sending.lease !== lease || sending.held.size > 0) return;
  sending.lease = null;
  await Promise.allSettled([lease.poster.close(), lease.sender.close()]);
}
