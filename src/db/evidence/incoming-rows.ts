import { hash } from 'node:crypto';
import { isConsoleTest, type ParsedNotification } from '../../agora/parse-notification.js';
import type { NoticeRow } from './store-notices.js';
import type { QuarantineRow } from './store-quarantine.js';
import type { UnixMs } from '../../evidence/instant.js';

/** A signed body as the receiver got it, with the app whose secret signed it and what was parsed from it. */
export type Received = {
  raw: Buffer;
  parsed: ParsedNotification;
  appId: string;
  receivedMs: UnixMs;
};

/** What is stored: a parsed notification, or a body that could not be parsed. */
export type Incoming = { kind: 'notice'; row: NoticeRow } | { kind: 'unreadable'; row: QuarantineRow };

export function incomingOf({ raw, parsed, appId, receivedMs }: Received): Incoming {
  return parsed.kind === 'unreadable'
    ? { kind: 'unreadable', row: quarantineRow(raw, parsed.reason, appId, receivedMs) }
    : { kind: 'notice', row: noticeRow(parsed, appId, receivedMs) };
}

/** The row of a parsed notification. */
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

/** The row of a body that could not be parsed. */
export function quarantineRow(raw: Buffer, reason: string, appId: string, receivedMs: UnixMs): QuarantineRow {
  return { appId, digest: hash('sha256', raw, 'hex').slice(0, 32), raw, reason, receivedMs };
}

/** The quarantine row of a parsed notification whose content Postgres refuses. */
export function refusedRow({ raw, appId, eventKey, receivedMs }: NoticeRow, error: unknown): QuarantineRow {
  return { appId, digest: eventKey, raw: Buffer.from(raw), reason: String(error), receivedMs };
}
