import type { Evidence } from '../../evidence/evidence.js';
import type { UnixMs } from '../../evidence/instant.js';
import { learnedMs } from '../facts/fold.js';
import { happenedMs } from '../facts/fold-notice.js';
import { lookKind, observationKind, stopKind, type TimelineEntry } from './timeline.js';

/** A piece of evidence that led to a version: its entry in the timeline, and when it was learned. */
export type Because = { source: TimelineEntry['source']; kind: string; atMs: UnixMs; receivedMs: UnixMs };

/** A version after a whole day's spool would else list all of it. */
const MOST = 20;

/**
 * The evidence that led to a version, newest last: what had not been folded before. If it is more than `MOST`,
 * heartbeats are left out first, and then the oldest.
 */
export function becauseOf(news: readonly Evidence[], wasRegistered: boolean): readonly Because[] {
  const told = news.filter(({ kind }) => kind !== 'repeated_delivery');
  const telling = told.length > MOST ? told.filter((piece) => !isHeartbeat(piece)) : told;
  const kept = telling.length > 0 ? telling : told;
  return kept
    .map((piece) => reasonOf(piece, wasRegistered))
    .sort(byReceipt)
    .slice(-MOST);
}

function isHeartbeat(piece: Evidence): boolean {
  return piece.kind === 'notice' && piece.event.type === 'uploadProgress';
}

function reasonOf(piece: Evidence, wasRegistered: boolean): Because {
  const receivedMs = learnedMs(piece);
  switch (piece.kind) {
    case 'notice':
      return { source: 'notice', kind: piece.eventName, atMs: happenedMs(piece), receivedMs };
    case 'repeated_delivery':
      return { source: 'notice', kind: piece.kind, atMs: receivedMs, receivedMs };
    case 'registration': {
      const later = piece.replaces ? 'registration_replaced' : 'registration_added';
      return { source: 'registration', kind: wasRegistered ? later : 'registered', atMs: receivedMs, receivedMs };
    }
    case 'observation':
      return { source: 'query', kind: observationKind(piece.outcome.kind), atMs: piece.lastAskedMs, receivedMs };
    case 'stop_answer':
      return { source: 'stop', kind: stopKind(piece), atMs: receivedMs, receivedMs };
    case 'bucket_look':
      return { source: 'bucket', kind: lookKind(piece.outcome.kind), atMs: piece.askedMs, receivedMs };
    case 'passed_call':
      return { source: 'call', kind: piece.method, atMs: piece.calledMs, receivedMs };
    case 'time_passed':
      return { source: 'inference', kind: piece.kind, atMs: receivedMs, receivedMs };
  }
}

function byReceipt(a: Because, b: Because): number {
  return a.receivedMs - b.receivedMs || a.atMs - b.atMs || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0);
}
