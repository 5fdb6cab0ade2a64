import fc from 'fast-check';
import type { LookOutcome } from '../../src/evidence/bucket-look.js';
import type { Evidence, RepeatedDelivery } from '../../src/evidence/evidence.js';
import type { FileMention } from '../../src/evidence/file-mention.js';
import { unixMs } from '../../src/evidence/instant.js';
import type { ExtensionService, QueryOutcome } from '../../src/evidence/observation.js';
import type { RecordingEvent } from '../../src/evidence/recording-event.js';
import {
  aLook,
  anAnswer,
  aNotice,
  anObservation,
  anOutput,
  aPlaylist,
  aRegistration,
  aStopAnswer,
  at,
  listed,
  NOT_FOUND,
  SID,
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
  { type: 'webRecorderStarted', startedMs: null, pageLoadedMs: null },
  { type: 'webRecorderStopped', code: 0, reason: null, text: null, files: [] },
  { type: 'cdnStatus', ...anOutput('a', 'connecting') },
  { type: 'cdnStatus', ...anOutput('a', 'publishing') },
  { type: 'cdnStatus', ...anOutput('a', 'disconnected') },
  { type: 'cdnStatus', ...anOutput('b', 'disconnected') },
  { type: 'vodStarted', videoId: 'v' },
];

const outcomes: readonly QueryOutcome[] = [
  ...[0, 3, 4, 5, 6, 7, 8, 20].map((status) => anAnswer(status)),
  anAnswer(null),
  { kind: 'unavailable', reason: 'server' },
  { kind: 'throttled', retryAfterMs: 1000 },
  { kind: 'incomplete' },
];

const second = fc.integer({ min: 0, max: 900 });

const flag = fc.constantFrom(true, false, null);

const file: fc.Arbitrary<FileMention> = fc.record({
  name: fc.constantFrom('a.m3u8', 'a_0.mp4', 'b.ts', 'c.jpg'),
  trackType: fc.constantFrom('audio', 'video', 'audio_and_video', null),
  uid: fc.constantFrom('1', '2', null),
  mixedAllUser: flag,
  playable: flag,
  sliceStartedMs: fc.option(second.map(at)),
  videoId: fc.constantFrom('v', 'w', null),
});

const files = fc.array(file, { maxLength: 3 });

const eventWithFiles: fc.Arbitrary<RecordingEvent> = files.chain((named) =>
  fc.constantFrom<RecordingEvent>(
    { type: 'fileInfos', files: named },
    { type: 'snapshotTaken', files: named },
    { type: 'statusUpdated', status: 5, files: named },
    { type: 'uploaded', status: 0, uploadingStatus: null, files: named },
  ),
);

const notice = fc
  .record({
    second,
    event: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...events) }, { weight: 1, arbitrary: eventWithFiles }),
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

const service: fc.Arbitrary<ExtensionService> = fc.record({
  name: fc.constantFrom('web_recorder_service', 'rtmp_publish_service', 'aliyun_vod_service'),
  state: fc.constantFrom('init', 'inProgress', 'exit', null),
  onHold: flag,
  files,
  outputs: fc.array(
    fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('connecting', 'publishing', 'onhold', 'disconnected'))
      .map(([id, status]) => anOutput(id, status)),
    { maxLength: 3 },
  ),
});

const outcome = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...outcomes) },
  { weight: 1, arbitrary: files.map((named) => anAnswer(5, { files: named })) },
  { weight: 1, arbitrary: fc.array(service, { maxLength: 3 }).map((services) => anAnswer(4, { services })) },
);

const observation = fc.record({ second, outcome, more: fc.nat(3) }).map(({ second: seconds, outcome: told, more }) =>
  anObservation(seconds, told, {
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
  second.map((seconds) => aRegistration({ cname: 'corrected', receivedMs: at(seconds + 0.5), replaces: true })),
  second.map((seconds) => aRegistration({ resourceExpiredHour: 1, receivedMs: at(seconds + 0.2) })),
  fc.tuple(second, files).map(([seconds, named]) => aStopAnswer(seconds, { files: named })),
);

const DAY = 86_400;

const look = fc
  .record({
    seconds: fc.oneof(
      second,
      second.map((n) => n + DAY),
    ),
    bucket: fc.constantFrom('main', 'other'),
    outcome: fc.oneof(
      fc.constantFrom<LookOutcome>(
        { kind: 'refused', status: 403, code: null },
        { kind: 'unavailable', reason: 'network' },
        listed(),
        listed({ segments: { count: 3, bytes: 30 } }),
        listed({ absent: ['a.m3u8'] }),
      ),
      fc.tuple(fc.nat(5), fc.nat(2)).map(([there, gone]) => listed({ files: [aPlaylist(there + gone, gone)] })),
    ),
  })
  .map(({ seconds, bucket, outcome: told }) => aLook(seconds, told, { bucket }));

const timePassed = second.map((seconds): Evidence => ({ kind: 'time_passed', sid: SID, untilMs: at(seconds) }));

/** Pieces of one random, often absurd, session: each piece once. */
const pieces: fc.Arbitrary<Evidence[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: notice },
      { weight: 2, arbitrary: observation },
      { weight: 3, arbitrary: missing },
      { weight: 1, arbitrary: told },
      { weight: 2, arbitrary: look },
      { weight: 1, arbitrary: timePassed },
    ),
    { maxLength: 30 },
  )
  .map(distinct);

/** How often, and how much later, each of the first notices comes again. */
const delays = fc.array(fc.array(fc.constantFrom(0, 150, 15_000, 700_000), { maxLength: 2 }), { maxLength: 10 });

/** All evidence of such a session, with the repeated deliveries of its notices. */
export const evidenceOfSession: fc.Arbitrary<Evidence[]> = fc
  .tuple(pieces, delays)
  .map(([evidence, again]) => distinct([...evidence, ...repeatsOf(evidence, again)]));

function repeatsOf(evidence: readonly Evidence[], again: readonly (readonly number[])[]): RepeatedDelivery[] {
  const notices = evidence.filter((piece) => piece.kind === 'notice');
  return notices.flatMap(({ sid, eventKey, receivedMs }, index) =>
    (again[index] ?? []).map((laterMs) => ({
      kind: 'repeated_delivery',
      sid,
      eventKey,
      receivedMs: unixMs(receivedMs + laterMs),
    })),
  );
}

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
      return piece.eventKey;
    case 'repeated_delivery':
      return `repeat of ${piece.eventKey} at ${String(piece.receivedMs)}`;
    case 'observation':
      return `observation ${String(piece.askedMs)}`;
    case 'registration':
      return `registration ${String(piece.receivedMs)}`;
    case 'time_passed':
      return `time ${String(piece.untilMs)}`;
    case 'bucket_look':
      return `look ${piece.bucket} ${String(piece.askedMs)}`;
    case 'passed_call':
      return `call ${String(piece.calledMs)}`;
    case 'stop_answer':
      return piece.kind;
  }
}
