import type { BucketLook } from '../../evidence/bucket-look.js';
import type { Evidence } from '../../evidence/evidence.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { Observation } from '../../evidence/observation.js';
import type { PassedCall } from '../../evidence/passed-call.js';
import type { Registration } from '../../evidence/registration.js';
import type { StopAnswer } from '../../evidence/stop-answer.js';
import { happenedMs } from '../facts/fold-notice.js';
import { groupBy } from '../facts/group-by.js';

/** One known happening of a session. */
export type TimelineEntry = {
  atMs: UnixMs;
  source: 'notice' | 'query' | 'registration' | 'stop' | 'bucket' | 'call' | 'inference';
  kind: string;
  eventType: number | null;
  sequence: number | null;
  serviceType: number | null;
  uid: string | null;
  details: TimelineDetails;
  receivedMs: UnixMs;
  deliveries: number;
};

/** The details of an entry, apart from its time and its sender. */
export type TimelineDetails =
  | { of: 'event'; event: RecordingEvent }
  | { of: 'query'; run: Observation }
  | { of: 'registration'; registration: Registration }
  | { of: 'stop'; answer: StopAnswer }
  | { of: 'call'; call: PassedCall }
  | { of: 'bucket'; look: BucketLook }
  /** The session is gone or never started: since when queries had found no worker. */
  | { of: 'absence'; firstNotFoundMs: UnixMs; notAfterMs: UnixMs }
  | { of: 'reopening'; because: string };

/** A number this much later than a higher one is of a new count, not a late one of the old. */
const NEW_COUNT_AFTER_MS = 60_000;

/** The fields of a notice, and of an observation, that decide its position. */
export type SentNotice = Pick<Notice, 'eventKey' | 'uid' | 'serviceType' | 'sequence' | 'occurredMs' | 'receivedMs'>;
export type AskedRun = Pick<Observation, 'askedMs'>;

/** Something with a position in the timeline; its entry is built only when it is shown. */
export type Happening<N extends SentNotice, O extends AskedRun> =
  { kind: 'notice'; notice: N } | { kind: 'observation'; observation: O } | { kind: 'entry'; entry: TimelineEntry };

/**
 * Everything known to have happened, in the order in which it happened: by sequence within one sender, by
 * time between senders, independent of the order of arrival.
 */
export function buildTimeline(
  evidence: readonly Evidence[],
  inferred: readonly TimelineEntry[] = [],
): readonly TimelineEntry[] {
  const deliveries = countDeliveries(evidence);
  const notices = evidence.filter((piece) => piece.kind === 'notice');
  const observations = evidence.filter((piece) => piece.kind === 'observation');
  const entries = [...otherEntries(evidence), ...inferred];
  return inOrder(notices, observations, entries).map((happening) => {
    switch (happening.kind) {
      case 'notice':
        return noticeEntry(happening.notice, deliveries.get(happening.notice.eventKey) ?? 1);
      case 'observation':
        return observationEntry(happening.observation);
      case 'entry':
        return happening.entry;
    }
  });
}

/**
 * The same order, computed only from the fields that decide it, so that of a long history only the shown part
 * has to be read.
 */
export function inOrder<N extends SentNotice, O extends AskedRun>(
  notices: readonly N[],
  observations: readonly O[],
  entries: readonly TimelineEntry[],
): readonly Happening<N, O>[] {
  const placed: Placed<Happening<N, O>>[] = [
    ...placeNotices(notices).map(({ what, positionMs, order, rank }) => ({
      positionMs,
      order,
      rank,
      what: { kind: 'notice' as const, notice: what },
    })),
    ...observations.map((observation) => ({
      ...at(observation.askedMs),
      what: { kind: 'observation' as const, observation },
    })),
    ...entries.map((entry) => ({ ...at(entry.atMs), what: { kind: 'entry' as const, entry } })),
  ];
  return placed.sort(byPosition).map(({ what }) => what);
}

/** `placeMs` is its position in time, which for a notice from a sender with a wrong clock differs from its own time. */
type TimelinePosition = { positionMs: UnixMs; order: string; rank: number };
type Placed<T> = TimelinePosition & { what: T };

function at(positionMs: UnixMs): TimelinePosition {
  return { positionMs, order: '', rank: 0 };
}

function byPosition(a: TimelinePosition, b: TimelinePosition): number {
  if (a.positionMs !== b.positionMs) return a.positionMs - b.positionMs;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.rank - b.rank;
}

/** How often each was delivered that came more than once. */
export function countDeliveries(evidence: readonly Evidence[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const piece of evidence) {
    if (piece.kind !== 'repeated_delivery') continue;
    counts.set(piece.eventKey, (counts.get(piece.eventKey) ?? 1) + 1);
  }
  return counts;
}

function placeNotices<N extends SentNotice>(notices: readonly N[]): Placed<N>[] {
  const senders = groupBy(notices, senderOf);
  return [...senders].flatMap(([sender, sent]) =>
    inOrderOfSending(sent).map(({ notice, positionMs }, rank) => ({
      positionMs,
      order: sender,
      rank,
      what: notice,
    })),
  );
}

function senderOf({ uid, serviceType }: SentNotice): string {
  return `${uid ?? ''}/${String(serviceType)}`;
}

/**
 * Sorts by time first; then moves each notice behind those with lower numbers, unless the time between them
 * shows that counting began again.
 */
function inOrderOfSending<N extends SentNotice>(sent: readonly N[]): readonly { notice: N; positionMs: UnixMs }[] {
  const byTime = sent.toSorted(
    (a, b) => a.occurredMs - b.occurredMs || bySequence(a, b) || (a.eventKey < b.eventKey ? -1 : 1),
  );
  const ordered: N[] = [];
  for (const notice of byTime) {
    let index = ordered.length;
    while (index > 0 && belongsBefore(notice, ordered[index - 1])) index -= 1;
    ordered.splice(index, 0, notice);
  }
  let latest = 0;
  return ordered.map((notice) => {
    latest = Math.max(latest, happenedMs(notice));
    return { notice, positionMs: unixMs(latest) };
  });
}

function belongsBefore(notice: SentNotice, other: SentNotice | undefined): boolean {
  if (other === undefined || notice.sequence === null || other.sequence === null) return false;
  const isSameCount = notice.occurredMs - other.occurredMs <= NEW_COUNT_AFTER_MS;
  return isSameCount && notice.sequence < other.sequence;
}

function bySequence(a: SentNotice, b: SentNotice): number {
  return (a.sequence ?? 0) - (b.sequence ?? 0);
}

export function noticeEntry(notice: Notice, deliveries: number): TimelineEntry {
  return {
    atMs: happenedMs(notice),
    source: 'notice',
    kind: notice.eventName,
    eventType: notice.eventType,
    sequence: notice.sequence,
    serviceType: notice.serviceType,
    uid: notice.uid,
    details: { of: 'event', event: notice.event },
    receivedMs: notice.receivedMs,
    deliveries,
  };
}

/** Entries for what callers told us, for calls of theirs that were passed on, and for looks into buckets. */
export function otherEntries(evidence: readonly Evidence[]): readonly TimelineEntry[] {
  const registrations = evidence.filter((piece) => piece.kind === 'registration');
  const answers = evidence.filter((piece) => piece.kind === 'stop_answer');
  const calls = evidence.filter((piece) => piece.kind === 'passed_call');
  const looks = evidence.filter((piece) => piece.kind === 'bucket_look');
  return [
    ...registrationEntries(registrations),
    ...answers.map(stopEntry),
    ...calls.map(callEntry),
    ...looks.map(lookEntry),
  ];
}

/** The first registration is dated by the start, later ones by their receipt. */
function registrationEntries(registrations: readonly Registration[]): TimelineEntry[] {
  const inOrderOfTelling = registrations.toSorted((a, b) => a.receivedMs - b.receivedMs);
  return inOrderOfTelling.map((registration, index) => {
    const { uid, replaces, receivedMs, startedMs } = registration;
    const later = replaces ? 'registration_replaced' : 'registration_added';
    const kind = index === 0 ? 'registered' : later;
    const atMs = index === 0 ? (startedMs ?? receivedMs) : receivedMs;
    const details = { of: 'registration' as const, registration };
    return { ...EMPTY_ENTRY, atMs, source: 'registration', kind, uid, details, receivedMs };
  });
}

function stopEntry(answer: StopAnswer): TimelineEntry {
  const { receivedMs } = answer;
  return {
    ...EMPTY_ENTRY,
    atMs: receivedMs,
    source: 'stop',
    kind: stopKind(answer),
    details: { of: 'stop', answer },
    receivedMs,
  };
}

function callEntry(call: PassedCall): TimelineEntry {
  const { calledMs, receivedMs, method, uid } = call;
  const details = { of: 'call' as const, call };
  return { ...EMPTY_ENTRY, atMs: calledMs, source: 'call', kind: method, uid, details, receivedMs };
}

function lookEntry(look: BucketLook): TimelineEntry {
  const { askedMs: atMs, answeredMs: receivedMs, outcome } = look;
  const details = { of: 'bucket' as const, look };
  return { ...EMPTY_ENTRY, atMs, source: 'bucket', kind: lookKind(outcome.kind), details, receivedMs };
}

export function lookKind(outcome: BucketLook['outcome']['kind']): string {
  return outcome === 'listed' ? 'listed' : `bucket_${outcome}`;
}

export function stopKind({ stopped }: StopAnswer): string {
  return stopped ? 'stopped' : 'stop_refused';
}

export const EMPTY_ENTRY = { eventType: null, sequence: null, serviceType: null, uid: null, deliveries: 1 };

export function observationEntry(run: Observation): TimelineEntry {
  const { outcome } = run;
  const uid = outcome.kind === 'answered' ? outcome.answer.uid : null;
  return {
    ...EMPTY_ENTRY,
    atMs: run.askedMs,
    source: 'query',
    kind: observationKind(outcome.kind),
    uid,
    details: { of: 'query', run },
    receivedMs: run.answeredMs,
  };
}

export function observationKind(outcome: Observation['outcome']['kind']): string {
  if (outcome === 'answered') return 'observed';
  return outcome === 'not_found' ? 'not_found' : `query_${outcome}`;
}
