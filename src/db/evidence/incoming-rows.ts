import { hash } from 'node:crypto';
import { isConsoleTest, type ParsedNotification } from '../../agora/parse-notification.js';
import type { NoticeRow } from './store-notices.js';
import type { QuarantineRow } from './store-quarantine.js';
import type { UnixMs } from '../../evidence/instant.js';

/** A signed body as the receiver got it, for the app that it was signed for, with what was read in it. */
export type Received = {
  raw: Buffer;
  parsed: ParsedNotification;
  appId: string;
  receivedMs: UnixMs;
};

/** What is kept of it: a notification that was read, or a body that nobody could read. */
export type Incoming = { kind: 'notice'; row: NoticeRow } | { kind: 'unreadable'; row: QuarantineRow };

export function incomingOf({ raw, parsed, appId, receivedMs }: Received): Incoming {
  return parsed.kind === 'unreadable'
    ? { kind: 'unreadable', row: quarantineRow(raw, parsed.reason, appId, receivedMs) }
    : { kind: 'notice', row: noticeRow(parsed, appId, receivedMs) };
}

/** The row of a notification that was read, as the receiver got it. */
export function noticeRow(
  { raw, envelope }: Exclude<ParsedNotification, { kind: 'unreadable' }>,
  appId: string,
  receivedMs: UnixMs,
): NoticeRow {
  return {
    sid: envelope.sid,
    receivedMs,
    eventKey: envelope.eventKey,
    noticeKey: envelope.noticeKey,
    noticeId: envelope.noticeId,
    appId,
    productId: envelope.productId,
    eventType: envelope.eventType,
    serviceType: envelope.serviceType,
    uid: envelope.uid,
    sequence: envelope.sequence,
    occurredMs: envelope.occurredMs,
    isTest: isConsoleTest(envelope),
    raw,
  };
}

/** The row of a body that nobody could read. */
export function quarantineRow(raw: Buffer, reason: string, appId: string, receivedMs: UnixMs): QuarantineRow {
  return { appId, digest: hash('sha256', raw, 'hex').slice(0, 32), raw, reason, receivedMs };
}

/** The row of a notification that was read, and that Postgres refuses for its content. */
export function refusedRow({ raw, appId, eventKey, receivedMs }: NoticeRow, error: unknown): QuarantineRow {
  return { appId, digest: eventKey, raw: Buffer.from(raw), reason: String(error), receivedMs };
}
