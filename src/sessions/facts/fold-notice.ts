import { earlier, later, unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { Bounds } from './bounds.js';
import type { ArrivalFacts, ErrorFact, SessionFacts } from './facts.js';
import { foldIncidents, incidentsOf } from './incidents.js';
import { after, lastLife, mergeSign } from './merge-signs-of-life.js';
import { LONGEST_WINDOW_MS } from './query-window.js';
import { foldRecorders } from './recorders.js';
import { asksForQuery } from './query-triggers.js';
import { foldToldServices } from './services.js';
import { signOfEvent } from './signs-of-life.js';
import { latestProgress } from './upload.js';

export function foldNotice(facts: SessionFacts, notice: Notice, bounds: Bounds): SessionFacts {
  const atMs = happenedMs(notice);
  const sign = signOfEvent(notice.event);
  const noticeSigns = mergeSign(facts.noticeSigns, sign, atMs, atMs, sign.started ? atMs : null);
  const alive = lastLife({ noticeSigns, answerSigns: facts.answerSigns });
  return {
    ...facts,
    firstNotice: firstNotice(facts.firstNotice, notice, atMs),
    existed: facts.existed || (notice.event.type !== 'error' && notice.event.type !== 'warning'),
    recorders: foldRecorders(facts.recorders, notice, atMs, bounds),
    noticeSigns,
    windowFromMs: sign.life ? windowFrom(facts.windowFromMs, notice, atMs) : facts.windowFromMs,
    ...after(alive, facts, bounds),
    progress: latestProgress(facts.progress, notice, atMs),
    noticeNamedFiles: facts.noticeNamedFiles || namesFiles(notice),
    serviceStatus: latestStatus(facts.serviceStatus, notice, atMs),
    services: foldToldServices(facts.services, notice, atMs, bounds),
    errors: foldError(facts.errors, notice, atMs, bounds),
    incidents: foldIncidents(facts.incidents, incidentsOf(notice.event), atMs, bounds),
    toldAppIds: withText(facts.toldAppIds, notice.appId, bounds),
    toldCnames: withText(facts.toldCnames, notice.cname, bounds),
    skew: furthestSkew(facts.skew, notice),
    haRegisteredMs:
      notice.event.type === 'highAvailabilityRegistered' ? earlier(facts.haRegisteredMs, atMs) : facts.haRegisteredMs,
    arrivals: foldArrival(facts.arrivals, notice),
  };
}

/** A notice that was signed for an app that is not the session's: it only counts as received. */
export function foldForeignNotice(facts: SessionFacts, notice: Notice, bounds: Bounds): SessionFacts {
  const { lastSignalMs } = facts.arrivals;
  return {
    ...facts,
    toldAppIds: withText(facts.toldAppIds, notice.appId, bounds),
    arrivals: { ...foldArrival(facts.arrivals, notice), lastSignalMs },
  };
}

/** A sender's clock may be ahead of ours, but nothing happened after we received news of it. */
export function happenedMs(notice: Pick<Notice, 'occurredMs' | 'receivedMs'>): UnixMs {
  return unixMs(Math.min(notice.occurredMs, notice.receivedMs));
}

/** Snapshots are files too, but not the ones that a query names. */
function namesFiles({ event }: Notice): boolean {
  return event.type !== 'snapshotTaken' && 'files' in event && event.files.length > 0;
}

/** A time so long ago comes from a broken clock: it must not close the query window. */
function windowFrom(known: UnixMs | null, { receivedMs }: Notice, atMs: UnixMs): UnixMs | null {
  return receivedMs - atMs > LONGEST_WINDOW_MS ? known : earlier(known, atMs);
}

function withText(known: readonly string[], text: string | null, { texts }: Bounds): readonly string[] {
  if (text === null || known.includes(text)) return known;
  return [...known, text].sort().slice(0, texts);
}

/** Only a clock that is ahead can be told from a slow delivery. */
function furthestSkew(furthest: SessionFacts['skew'], notice: Notice): SessionFacts['skew'] {
  const aheadMs = notice.occurredMs - notice.receivedMs;
  if (aheadMs <= 0 || (furthest !== null && furthest.aheadMs > aheadMs)) return furthest;
  const atMs = notice.receivedMs;
  if (furthest?.aheadMs === aheadMs && furthest.atMs <= atMs) return furthest;
  return { atMs, aheadMs };
}

function firstNotice(
  first: SessionFacts['firstNotice'],
  { eventKey, appId, cname }: Notice,
  atMs: UnixMs,
): SessionFacts['firstNotice'] {
  const isEarlier = first === null || atMs < first.atMs || (atMs === first.atMs && eventKey < first.eventKey);
  return isEarlier ? { atMs, eventKey, appId, cname } : first;
}

function latestStatus(
  latest: SessionFacts['serviceStatus'],
  { event }: Notice,
  atMs: UnixMs,
): SessionFacts['serviceStatus'] {
  if (event.type !== 'statusUpdated' || event.status === null) return latest;
  return newerStatus(latest, { atMs, status: event.status });
}

/** Of two statuses of one moment the higher one is the later stage. */
export function newerStatus(
  latest: SessionFacts['serviceStatus'],
  heard: { atMs: UnixMs; status: number },
): { atMs: UnixMs; status: number } {
  if (latest === null || heard.atMs > latest.atMs) return heard;
  return heard.atMs === latest.atMs && heard.status > latest.status ? heard : latest;
}

/** Only the first error of each kind: a storage fault is reported again for every file. */
function foldError(
  errors: readonly ErrorFact[],
  { event, receivedMs }: Notice,
  atMs: UnixMs,
  bounds: Bounds,
): readonly ErrorFact[] {
  if (event.type !== 'error') return errors;
  const { module, level, code, message } = event;
  const told: ErrorFact = { atMs, receivedMs, module, level, code, message };
  const same = errors.find((known) => errorKind(known) === errorKind(told));
  if (same !== undefined && !isBefore(told, same)) return errors;
  return [...errors.filter((known) => known !== same), told]
    .sort((a, b) => (isBefore(a, b) ? -1 : 1))
    .slice(0, bounds.texts);
}

function errorKind({ module, level, code }: ErrorFact): string {
  return `${String(module)}/${String(level)}/${String(code)}`;
}

function isBefore(a: ErrorFact, b: ErrorFact): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return `${errorKind(a)} ${a.message ?? ''}` < `${errorKind(b)} ${b.message ?? ''}`;
}

function foldArrival(arrivals: ArrivalFacts, notice: Notice): ArrivalFacts {
  const { receivedMs, occurredMs } = notice;
  const order = foldOrder(arrivals.order, notice);
  const isLate = order.highestBeforeMs !== null && occurredMs < order.highestBeforeMs;
  return {
    events: arrivals.events + 1,
    deliveries: arrivals.deliveries + 1,
    outOfOrder: arrivals.outOfOrder + (isLate ? 1 : 0),
    firstReceivedMs: earlier(arrivals.firstReceivedMs, receivedMs),
    lastReceivedMs: later(arrivals.lastReceivedMs, receivedMs),
    order,
    lastSignalMs: asksForQuery(notice.event) ? later(arrivals.lastSignalMs, receivedMs) : arrivals.lastSignalMs,
  };
}

/** Notices of one millisecond are compared with earlier ones only: among themselves none is late. */
function foldOrder(order: ArrivalFacts['order'], notice: Notice): ArrivalFacts['order'] {
  const { receivedMs, occurredMs } = notice;
  if (receivedMs === order.receivedMs) {
    return { ...order, highestThenMs: later(order.highestThenMs, occurredMs) };
  }
  return {
    receivedMs,
    highestThenMs: occurredMs,
    highestBeforeMs: later(order.highestBeforeMs, order.highestThenMs),
  };
}

/** Whether a notice was received before one that is folded already: then the order needs refolding. */
export function isStraggler(facts: SessionFacts, notice: Notice): boolean {
  const { receivedMs } = facts.arrivals.order;
  return receivedMs !== null && notice.receivedMs < receivedMs;
}
