import type { Evidence } from '../evidence/evidence.js';
import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { Notice } from '../evidence/notice.js';
import type { Observation } from '../evidence/observation.js';
import type { Registration } from '../evidence/registration.js';
import { happenedMs } from './fold-notice.js';
import { groupBy } from './group-by.js';

/** One known happening of a session. */
export type TimelineEntry = {
  atMs: UnixMs;
  source: 'notice' | 'query' | 'registration' | 'stop' | 'inference';
  kind: string;
  eventType: number | null;
  sequence: number | null;
  serviceType: number | null;
  uid: string | null;
  details: Record<string, unknown>;
  /** `details` are as Agora sent them: names and units are theirs. */
  isRaw: boolean;
  receivedMs: UnixMs;
  deliveries: number;
};

/** A number this much later than a higher one is of a new count, not a late one of the old. */
const NEW_COUNT_AFTER_MS = 60_000;

/**
 * Everything known to have happened, in the order in which it happened: by sequence within one
 * sender, by time between senders, however it arrived.
 */
export function buildTimeline(
  evidence: readonly Evidence[],
  inferred: readonly TimelineEntry[] = [],
): readonly TimelineEntry[] {
  const deliveries = countDeliveries(evidence);
  const notices = evidence.filter((piece) => piece.kind === 'notice');
  const registrations = evidence.filter((piece) => piece.kind === 'registration');
  const all = [
    ...placeNotices(notices, deliveries),
    ...placeRegistrations(registrations),
    ...evidence.flatMap((piece) => placeOther(piece)),
    ...inferred.map(placed),
  ];
  return all.sort(byPlace).map(({ entry }) => entry);
}

/** `placeMs` is where the entry stands, which for a notice with an odd clock is not its own time. */
type Placed = { placeMs: UnixMs; order: string; rank: number; entry: TimelineEntry };

function byPlace(a: Placed, b: Placed): number {
  if (a.placeMs !== b.placeMs) return a.placeMs - b.placeMs;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.rank - b.rank;
}

function countDeliveries(evidence: readonly Evidence[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const piece of evidence) {
    if (piece.kind !== 'repeated_delivery') continue;
    counts.set(piece.eventKey, (counts.get(piece.eventKey) ?? 0) + 1);
  }
  return counts;
}

function placeNotices(notices: readonly Notice[], repeats: ReadonlyMap<string, number>): Placed[] {
  const senders = groupBy(notices, senderOf);
  return [...senders].flatMap(([sender, sent]) =>
    inOrderOfSending(sent).map(({ notice, placeMs }, rank) => ({
      placeMs,
      order: sender,
      rank,
      entry: noticeEntry(notice, 1 + (repeats.get(notice.eventKey) ?? 0)),
    })),
  );
}

function senderOf({ uid, serviceType }: Notice): string {
  return `${uid ?? ''}/${String(serviceType)}`;
}

/**
 * By time first; then each notice moves behind those with lower numbers, unless the time between
 * them shows that counting began anew.
 */
function inOrderOfSending(sent: readonly Notice[]): readonly { notice: Notice; placeMs: UnixMs }[] {
  const byTime = sent.toSorted(
    (a, b) => a.occurredMs - b.occurredMs || bySequence(a, b) || (a.eventKey < b.eventKey ? -1 : 1),
  );
  const ordered: Notice[] = [];
  for (const notice of byTime) {
    let place = ordered.length;
    while (place > 0 && belongsBefore(notice, ordered[place - 1])) place -= 1;
    ordered.splice(place, 0, notice);
  }
  let latest = 0;
  return ordered.map((notice) => {
    latest = Math.max(latest, happenedMs(notice));
    return { notice, placeMs: unixMs(latest) };
  });
}

function belongsBefore(notice: Notice, other: Notice | undefined): boolean {
  if (other === undefined || notice.sequence === null || other.sequence === null) return false;
  const isSameCount = notice.occurredMs - other.occurredMs <= NEW_COUNT_AFTER_MS;
  return isSameCount && notice.sequence < other.sequence;
}

function bySequence(a: Notice, b: Notice): number {
  return (a.sequence ?? 0) - (b.sequence ?? 0);
}

function detailsOf({ event }: Notice): Pick<TimelineEntry, 'details' | 'isRaw'> {
  if (event.type === 'unknown') return { details: { ...event.details }, isRaw: true };
  const { type: _type, ...details } = event;
  return { details, isRaw: false };
}

function noticeEntry(notice: Notice, deliveries: number): TimelineEntry {
  return {
    atMs: happenedMs(notice),
    source: 'notice',
    kind: notice.eventName,
    eventType: notice.eventType,
    sequence: notice.sequence,
    serviceType: notice.serviceType,
    uid: notice.uid,
    ...detailsOf(notice),
    receivedMs: notice.receivedMs,
    deliveries,
  };
}

/** The first one tells of the start; the others of themselves, when they were told. */
function placeRegistrations(registrations: readonly Registration[]): Placed[] {
  const inOrder = registrations.toSorted((a, b) => a.receivedMs - b.receivedMs);
  return inOrder.map((registration, index) => {
    const { sid: _sid, kind: _kind, replaces, receivedMs, startedMs, ...told } = registration;
    const later = replaces ? 'registration_replaced' : 'registration_added';
    const kind = index === 0 ? 'registered' : later;
    const atMs = index === 0 ? (startedMs ?? receivedMs) : receivedMs;
    const details = { ...told, startedMs };
    return placed({ ...BLANK, atMs, source: 'registration', kind, uid: told.uid, details, receivedMs }); // prettier-ignore
  });
}

function placeOther(evidence: Evidence): Placed[] {
  switch (evidence.kind) {
    case 'notice':
    case 'repeated_delivery':
    case 'registration':
    case 'time_passed':
      return [];
    case 'stop_answer': {
      const { sid: _sid, kind: _kind, receivedMs, ...details } = evidence;
      const kind = evidence.stopped ? 'stopped' : 'stop_refused';
      return [placed({ ...BLANK, atMs: receivedMs, source: 'stop', kind, details, receivedMs })];
    }
    case 'observation':
      return [placed(observationEntry(evidence))];
  }
}

export const BLANK = { eventType: null, sequence: null, serviceType: null, uid: null, isRaw: false, deliveries: 1 }; // prettier-ignore

function placed(entry: TimelineEntry): Placed {
  return { placeMs: entry.atMs, order: '', rank: 0, entry };
}

function observationEntry(run: Observation): TimelineEntry {
  const { outcome, count, lastAskedMs, lastAnsweredMs, answeredMs } = run;
  const { kind, ...told } = outcome;
  const uid = outcome.kind === 'answered' ? outcome.answer.uid : null;
  const details = { ...told, count, answeredMs, lastAskedMs, lastAnsweredMs };
  return {
    ...BLANK,
    atMs: run.askedMs,
    source: 'query',
    kind: observationKind(kind),
    uid,
    details,
    receivedMs: answeredMs,
  };
}

function observationKind(outcome: Observation['outcome']['kind']): string {
  if (outcome === 'answered') return 'observed';
  return outcome === 'not_found' ? 'not_found' : `query_${outcome}`;
}
