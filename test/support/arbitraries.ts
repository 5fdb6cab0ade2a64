import fc from 'fast-check';
import type { Evidence } from '../../src/evidence/evidence.js';
import { unixMs } from '../../src/evidence/instant.js';
import type { QueryOutcome } from '../../src/evidence/observation.js';
import type { RecordingEvent } from '../../src/evidence/recording-event.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  aStopAnswer,
  at,
  NOT_FOUND,
} from './builders.js';

const events: readonly RecordingEvent[] = [
  { type: 'recorderStarted', status: 0 },
  { type: 'uploaderStarted', status: 0 },
  { type: 'uploadProgress', progress: 0.3 },
  { type: 'uploadProgress', progress: 1 },
  { type: 'recorderLeft', leaveCode: 16 },
  { type: 'sessionExit', exitStatus: 0 },
  { type: 'sessionExit', exitStatus: 1 },
  { type: 'sessionExit', exitStatus: null },
  { type: 'failover', newUid: '2' },
  { type: 'failover', newUid: '3' },
  { type: 'uploaded', status: 0, uploadingStatus: null, files: [] },
  { type: 'backedUp', status: 0, uploadingStatus: 'stranded', files: [] },
  { type: 'statusUpdated', status: 5, files: [] },
  { type: 'statusUpdated', status: 7, files: [] },
  { type: 'error', module: 1, level: 5, code: 32, stat: 1, message: 'storage' },
  { type: 'error', module: 0, level: 2, code: 9, stat: 1, message: null },
  { type: 'streamChanged', media: 'video', streamUid: '7', receiving: true, atMs: null },
  { type: 'unknown', details: { novel: 1 } },
];

const outcomes: readonly QueryOutcome[] = [
  ...[0, 3, 4, 5, 6, 7, 8, 20].map((status) => anAnswer(status)),
  anAnswer(null),
  { kind: 'unavailable', reason: 'server' },
  { kind: 'throttled', retryAfterMs: 1000 },
  { kind: 'incomplete' },
];

const second = fc.integer({ min: 0, max: 900 });

const notice = fc
  .record({
    second,
    event: fc.constantFrom(...events),
    uid: fc.constantFrom('1', '2', '3', null),
    sequence: fc.option(fc.nat(12)),
    serviceType: fc.constantFrom(0, 1, 2),
    delayMs: fc.constantFrom(-500, 0, 200, 90_000),
    key: fc.integer({ min: 0, max: 0xffff }),
  })
  .map(({ second: seconds, event, uid, sequence, serviceType, delayMs, key }) =>
    aNotice(seconds, event, {
      uid,
      sequence,
      serviceType,
      receivedMs: unixMs(at(seconds) + delayMs),
      eventKey: `${key.toString(16)}-${String(seconds)}-${event.type}`.padStart(32, '0'),
    }),
  );

const observation = fc
  .record({ second, outcome: fc.constantFrom(...outcomes), more: fc.nat(3) })
  .map(({ second: seconds, outcome, more }) =>
    anObservation(seconds, outcome, {
      count: more + 1,
      lastAskedMs: at(seconds + more * 20),
      lastAnsweredMs: unixMs(at(seconds + more * 20) + 100),
    }),
  );

const missing = fc
  .record({ second, since: fc.nat(120) })
  .map(({ second: seconds, since }) =>
    anObservation(seconds, NOT_FOUND, { unbrokenSinceMs: at(Math.max(seconds - since, 0)) }),
  );

const told = fc.oneof(
  fc.constant(aRegistration()),
  second.map((seconds) => aRegistration({ cname: 'corrected', receivedMs: at(seconds + 0.5), replaces: true })), // prettier-ignore
  second.map((seconds) => aRegistration({ resourceExpiredHour: 1, receivedMs: at(seconds + 0.2) })), // prettier-ignore
  second.map((seconds) => aStopAnswer(seconds)),
);

/** All evidence of one random, often absurd, session: each piece once. */
export const evidenceOfSession: fc.Arbitrary<Evidence[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: notice },
      { weight: 2, arbitrary: observation },
      { weight: 3, arbitrary: missing },
      { weight: 1, arbitrary: told },
    ),
    { maxLength: 30 },
  ) // prettier-ignore
  .map(distinct);

/** What the ledger's constraints see to: one registration and one query a moment, one notice an identity. */
function distinct(evidence: readonly Evidence[]): Evidence[] {
  const seen = new Set<string>();
  return evidence.filter((piece) => {
    const key = identity(piece);
    return seen.has(key) ? false : seen.add(key);
  });
}

function identity(piece: Evidence): string {
  switch (piece.kind) {
    case 'notice':
    case 'repeated_delivery':
      return piece.eventKey;
    case 'observation':
      return `observation ${String(piece.askedMs)}`;
    case 'registration':
      return `registration ${String(piece.receivedMs)}`;
    case 'stop_answer':
    case 'time_passed':
      return piece.kind;
  }
}
