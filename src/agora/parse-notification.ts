import { hash } from 'node:crypto';
import { unixMs, type UnixMs } from '../evidence/instant.js';
import { canonicalJson, isTooDeep } from './canonical-json.js';
import { instantIn, isObject, objectIn, textIn, valueIn, wholeNumberIn, type LooseObject } from './read-fields.js';

/**
 * Cloud Recording. Numbers of events are reused across products: route on both.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
const RECORDING = 3;
/**
 * Cloud Transcoding sends these under an unknown product, without a sid.
 * Ours: docs/agora.md#events
 */
const TRANSCODER_EVENTS = { first: 110, last: 113 };

/** Theirs are 32 hex digits. */
const LONGEST_SID = 256;

/** Who received a notification, and when by our clock. */
export type Receipt = { appId: string; receivedMs: UnixMs };

/** The fields of one notification about a recording that folding needs. */
export type NotificationContents = {
  noticeId: string | null;
  productId: number | null;
  eventType: number;
  sid: string;
  cname: string | null;
  uid: string | null;
  serviceType: number | null;
  serviceScene: string | null;
  sequence: number | null;
  occurredMs: UnixMs;
  notifiedMs: UnixMs | null;
  details: LooseObject;
};

/** The same, with its identities and scope. */
export type NotificationEnvelope = NotificationContents & {
  /** Identity of the notification, by its noticeId: 32 hex digits. */
  noticeKey: string;
  /** Identity of the event, whatever noticeId it comes under: 32 hex digits. */
  eventKey: string;
};

export type ParsedNotification =
  | { kind: 'notice'; raw: string; envelope: NotificationEnvelope }
  /** Kept and counted, never folded: another product that was sent to the same address. */
  | { kind: 'other_product'; raw: string; envelope: NotificationEnvelope }
  | { kind: 'unreadable'; reason: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a notification as far as storing it takes. Never throws: whatever was signed and is not a
 * notification comes back as `unreadable`, with a reason for a person. Within `identityScope` the same
 * event is one, whichever address it came to: the apps of an account, of which several may share a
 * secret, have one between them.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export function parseNotification(
  rawBody: Buffer,
  { appId, receivedMs }: Receipt,
  identityScope: string = appId,
): ParsedNotification {
  const raw = decodeUtf8(rawBody);
  if (raw === null) return unreadable('the body is not UTF-8');
  if (raw.includes('\u0000')) return unreadable('the body holds a NUL byte');
  const read = readNotification(raw);
  if (read.kind === 'unreadable') return read;
  const identity = identityOf(read, identityScope);
  if (identity === null) return unreadable(TOO_DEEP);
  return { kind: read.kind, raw, envelope: { ...contentsOf(read, receivedMs), ...identity } };
}

/** A parsed body; without a `sid` if it is not about a recording. */
type ReadNotification = {
  kind: 'notice' | 'other_product';
  body: LooseObject;
  payload: LooseObject;
  sid: string;
  eventType: number;
};

function readNotification(raw: string): ReadNotification | { kind: 'unreadable'; reason: string } {
  const body = parseJson(raw);
  if (!isObject(body)) return unreadable(body === undefined ? 'the body is not JSON' : 'the body is not a JSON object');
  const eventType = wholeNumberIn(body, 'eventType');
  if (eventType === null || Math.abs(eventType) > 0x7fffffff)
    return unreadable('there is no eventType, or it is not a number');
  const productId = wholeNumberIn(body, 'productId');
  const payload = objectIn(body, 'payload');
  const sid = textIn(payload, 'sid') ?? textIn(body, 'sid');
  if (isOtherProduct(productId, eventType, sid)) {
    return { kind: 'other_product', body, payload, sid: '', eventType };
  }
  if (sid === null) return unreadable('a recording notification without a sid');
  if (sid.length > LONGEST_SID) return unreadable('a sid that is longer than any');
  return { kind: 'notice', body, payload, sid, eventType };
}

const TOO_DEEP = 'the payload is nested too deeply';

function isOtherProduct(productId: number | null, eventType: number, sid: string | null): boolean {
  if (productId !== null && productId !== RECORDING) return true;
  const isTranscoders = eventType >= TRANSCODER_EVENTS.first && eventType <= TRANSCODER_EVENTS.last;
  return sid === null && isTranscoders;
}

function unreadable(reason: string): { kind: 'unreadable'; reason: string } {
  return { kind: 'unreadable', reason };
}

function decodeUtf8(rawBody: Buffer): string | null {
  try {
    return utf8.decode(rawBody);
  } catch {
    return null; // the only way the decoder has to say that the bytes are not UTF-8
  }
}

/**
 * Undefined where it is not JSON, or nested so deeply that the parser's stack does not suffice.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * `raw` is a body that was accepted before, and has its identity since then; null where this decoder
 * reads no notification in it.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export function contentsFromRaw(raw: string, { receivedMs }: Receipt): NotificationContents | null {
  const read = readNotification(raw);
  if (read.kind === 'unreadable' || isTooDeep(identifying(read), 1)) return null;
  return contentsOf(read, receivedMs);
}

function contentsOf({ body, payload, sid, eventType }: ReadNotification, receivedMs: UnixMs): NotificationContents {
  const notifiedMs = instantIn(body, 'notifyMs');
  const sentMs = instantIn(payload, 'sendts') ?? instantIn(body, 'eventMs');
  return {
    noticeId: noticeIdOf(body),
    productId: smallNumber(wholeNumberIn(body, 'productId')),
    eventType,
    sid,
    cname: textIn(payload, 'cname'),
    uid: textIn(payload, 'uid'),
    serviceType: smallNumber(wholeNumberIn(payload, 'serviceType')),
    serviceScene: textIn(payload, 'serviceScene'),
    sequence: wholeNumberIn(payload, 'sequence'),
    occurredMs: sentMs ?? notifiedMs ?? unixMs(receivedMs),
    notifiedMs,
    details: objectIn(payload, 'details'),
  };
}

function noticeIdOf(body: LooseObject): string | null {
  return textIn(body, 'noticeId', 'notificationId');
}

/** What fits Postgres's `integer`. */
function smallNumber(n: number | null): number | null {
  return n !== null && Math.abs(n) <= 0x7fffffff ? n : null;
}

/**
 * The content that two notifications of the same event share. It excludes the attempt (noticeId, notifyMs)
 * and includes the rest of the payload, also details that are no object. Null for a body that is nested
 * deeper than any notification.
 * Ours: docs/agora.md#identity
 */
function identityOf(
  read: ReadNotification,
  identityScope: string,
): Pick<NotificationEnvelope, 'noticeKey' | 'eventKey'> | null {
  const { body, sid, eventType } = read;
  const productId = valueIn(body, ['productId']) ?? null;
  const event = canonicalJson([identityScope, productId, sid, eventType, identifying(read)]);
  if (event === null) return null;
  const eventKey = digest(event);
  const noticeId = noticeIdOf(body);
  const noticeKey = noticeId === null ? eventKey : noticeKeyOf(identityScope, noticeId);
  return { noticeKey, eventKey };
}

/**
 * The identity of a notification that has this noticeId: 32 hex digits.
 * Ours: docs/agora.md#identity
 */
export function noticeKeyOf(identityScope: string, noticeId: string): string {
  return digest(`${identityScope}\u0000${noticeId}`);
}

function identifying({ body, payload, sid }: ReadNotification): LooseObject {
  return sid === '' && !isObject(valueIn(body, ['payload'])) ? body : payload;
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/**
 * Test events of the console's health check carry one of these names.
 * Ours: docs/agora.md#delivery
 */
export function isConsoleTest({ cname, sid }: NotificationEnvelope): boolean {
  return cname === 'test' || cname === 'test_webhook' || sid === 'test';
}
