import { decodeStopAnswer, sidOfStopAnswer } from '../../../src/agora/decode-stop-answer.js';
import { outcomeOfResponse } from '../../../src/agora/outcome-of-response.js';
import { unixMs } from '../../../src/evidence/instant.js';
import type { QueryOutcome, RecordingAnswer } from '../../../src/evidence/observation.js';
import { SAMPLES } from '../../support/samples.js';

const NOW = unixMs(1_772_450_000_000);

function outcome(status: number, body: string, headers: Record<string, string> = {}): QueryOutcome {
  return outcomeOfResponse({ status, body, headers, nowMs: NOW });
}

function answer(id: string): RecordingAnswer {
  const sample = SAMPLES.queries.find((query) => query.id === id);
  if (sample === undefined) throw new Error(`There is no sample ${id}.`);
  const told = outcome(sample.httpStatus, JSON.stringify(sample.body));
  if (told.kind !== 'answered') throw new Error(`${id} is ${told.kind}`);
  return told.answer;
}

/** Every answer of a query: its status, its files, its services. */
const ANSWERS: Record<string, [number | null, number, string[]]> = {
  'mix-hls-string-5': [5, 1, []],
  'mix-hls-mp4-json-5': [5, 2, []],
  'mix-failover-bak0': [5, 1, []],
  'mix-old-no-cname-code': [5, 1, []],
  'mix-filename-lowercase-old': [5, 1, []],
  'vod-inprogress': [null, 0, ['aliyun_vod_service inProgress']],
  'vod-sub-serviceReady': [null, 0, ['aliyun_vod_service inProgress']],
  'vod-sub-serviceCompleted': [null, 0, ['aliyun_vod_service inProgress']],
  'vod-sub-serviceValidationFailed': [null, 0, ['aliyun_vod_service inProgress']],
  'vod-sub-serviceAbnormal': [null, 0, ['aliyun_vod_service inProgress']],
  'empty-serverResponse': [null, 0, []],
  'missing-serverResponse': [null, 0, []],
  'unknown-status': [null, 0, []],
  'status-as-string': [5, 1, []],
  'individual-json-5': [5, 2, []],
  'individual-empty-list': [4, 0, []],
  'individual-snapshot-only-5': [5, 0, []],
  'individual-snapshot-only-4': [4, 0, []],
  'individual-snapshot-old': [5, 0, []],
  'raw-json-5': [5, 1, []],
  'web-init': [3, 0, ['web_recorder_service init']],
  'web-inprogress-empty': [4, 0, ['web_recorder_service inProgress']],
  'web-onhold': [5, 0, ['web_recorder_service inProgress']],
  'web-rtmp-publishing': [4, 0, ['web_recorder_service inProgress', 'rtmp_publish_service null']],
  'web-rtmp-first-mixed': [5, 0, ['rtmp_publish_service inProgress', 'web_recorder_service inProgress']],
  'doc-all-zero-new-page': [0, 0, ['web_recorder_service inProgress']],
  'mix-status-0': [0, 0, []],
  'mix-status-1': [1, 0, []],
  'mix-status-3': [3, 0, []],
  'mix-status-7': [7, 1, []],
  'mix-status-8': [8, 1, []],
  'mix-status-20': [20, 1, []],
};

it('every sample of an answer has its expectation', () => {
  expect(Object.keys(ANSWERS).sort()).toEqual(SAMPLES.queries.map(({ id }) => id).sort());
});

it.each(Object.entries(ANSWERS))('%s is read', (id, [status, files, services]) => {
  const told = answer(id);
  expect([told.status, told.files.length]).toEqual([status, files]);
  expect(told.services.map(({ name, state }) => `${name} ${String(state)}`)).toEqual(services);
});

describe('an answer', () => {
  it('names its files with track, uid and start, however they are spelled', () => {
    const file = {
      name: '8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821.m3u8',
      trackType: 'audio_and_video',
      uid: '0',
      mixedAllUser: true,
      playable: true,
      sliceStartedMs: 1_772_445_603_821,
      videoId: null,
    };
    expect(answer('mix-filename-lowercase-old').files).toEqual([file]);
    expect(answer('mix-hls-mp4-json-5').files[0]).toEqual(file);
  });

  it('has the video ids of a VoD service, and the outputs of a CDN service', () => {
    expect(answer('vod-inprogress').services[0]?.files[0]?.videoId).toBe('3c1f0b77d95f4ac5a4a1de1b5b2ef0a4');
    const outputs = answer('web-rtmp-first-mixed').services[0]?.outputs;
    expect(outputs?.map(({ status }) => status)).toEqual(['disconnected', 'connecting', 'onhold']);
    expect(outputs?.map(({ url }) => url)).toEqual([
      'rtmp://live.example.net/app/…',
      'rtmp://backup.example.net/app/…',
      'rtmp://third.example.net/app/…',
    ]);
  });

  it('is the same inside the wrapper that an older page prints around it', () => {
    const inner = { serverResponse: { status: 5, fileList: 'a.m3u8' } };
    const wrapped = outcome(200, JSON.stringify({ Code: 200, Body: inner }));
    expect(wrapped).toEqual(outcome(200, JSON.stringify(inner)));
  });

  it('is paused and alive while a web recording is on hold', () => {
    expect(answer('web-onhold').services[0]).toMatchObject({ onHold: true, state: 'inProgress' });
  });
});

const bad = (code: number | null, reason: string | null): QueryOutcome => ({ kind: 'bad_request', code, reason });
const fault: QueryOutcome = { kind: 'unavailable', reason: 'server' };
const incomplete: QueryOutcome = { kind: 'incomplete' };

const ERRORS: Record<string, QueryOutcome> = {
  'gw-appid-invalid': bad(null, 'appid is invalid'),
  'invalid-parameter': bad(2, 'Acquire: invalid resourceExpiredHour value!'),
  'acq-invalid-appid': bad(400, 'invalid_appid'),
  'acq-no-active-status': bad(405, 'no_active_status'),
  'acq-overload': bad(406, 'vendor_over_load'),
  'stop-invalid-operation': bad(49, 'invalid operation'),
  'legacy-code-8': bad(8, null),
  'legacy-code-432': bad(432, null),
  'legacy-code-433': bad(433, null),
  'legacy-code-501': incomplete,
  'legacy-code-1001': bad(1001, null),
  'legacy-code-1003': bad(1003, null),
  'gw-bad-credentials': { kind: 'unauthorized' },
  'gw-no-route': { kind: 'no_route' },
  'legacy-404-serverResponse': { kind: 'not_found' },
  'gw-rate-limited': { kind: 'throttled', retryAfterMs: null },
  'acq-internal': fault,
  'start-no-worker': fault,
  'start-timeout': fault,
  'legacy-start-15': fault,
  'start-already': incomplete,
  'not-completed': incomplete,
  'stop-no-data': incomplete,
  'legacy-435-serverResponse': incomplete,
  'request-timeout': fault,
  'gw-html-502': fault,
  'gw-empty-503': fault,
};

it.each(SAMPLES.errors)('the error $id means what its page says', (sample) => {
  const body = sample.rawBody ?? JSON.stringify(sample.body);
  expect(outcome(sample.httpStatus, body)).toEqual(ERRORS[sample.id]);
});

describe('an error', () => {
  it('of a missing worker is told by its words or by its code', () => {
    const told = [
      '{"code":404,"reason":"failed to find worker"}',
      '{"reason":"Failed to find worker"}',
      '{"code":404}',
    ];
    for (const body of told) expect(outcome(404, body)).toEqual({ kind: 'not_found' });
  });

  it('404 that is not Agora’s word about a recording says nothing about it', () => {
    for (const body of ['', '<html>404</html>', '{"message":"Not Found"}', '[]']) {
      expect(outcome(404, body)).toEqual(fault);
    }
  });

  it('200 without JSON is a fault of the server, not an answer', () => {
    for (const body of ['', 'ok', '<html></html>', '[1]']) expect(outcome(200, body)).toEqual(fault);
  });

  it('429 asks to wait by Retry-After in seconds or as a date, or by a quota header', () => {
    const wait = (headers: Record<string, string>): unknown => outcome(429, '{}', headers);
    const throttled = (retryAfterMs: number | null) => ({ kind: 'throttled', retryAfterMs });
    expect(wait({ 'retry-after': '3' })).toEqual(throttled(3_000));
    expect(wait({ 'retry-after': new Date(NOW + 5_000).toUTCString() })).toEqual(throttled(5_000));
    expect(wait({ 'ratelimit-reset': '2' })).toEqual(throttled(2_000));
    expect(wait({ 'retry-after': 'soon' })).toEqual(throttled(null));
    expect(wait({ 'retry-after': '99999999' })).toEqual(throttled(300_000));
  });
});

describe('a stop', () => {
  const STOPS: Record<string, { uploadingStatus: string | null; files: number }> = {
    'stop-mix-json-backuped': { uploadingStatus: 'backuped', files: 2 },
    'stop-206-backuped-old': { uploadingStatus: 'backuped', files: 1 },
    'stop-async': { uploadingStatus: null, files: 0 },
    'stop-snapshot': { uploadingStatus: 'uploaded', files: 0 },
    'stop-web-playload-typo': { uploadingStatus: 'uploaded', files: 0 },
    'stop-raw-stranded': { uploadingStatus: 'stranded', files: 0 },
  };

  it.each(SAMPLES.stops)('$id stopped the recording, and tells of the upload', ({ id, body }) => {
    const sid = sidOfStopAnswer(body) ?? 's';
    const { stopped, uploadingStatus, files } = decodeStopAnswer(sid, body, NOW);
    expect({ stopped, uploadingStatus, files: files.length }).toEqual({
      stopped: true,
      ...STOPS[id],
    });
  });

  it('of another recording did not stop this one', () => {
    const stopped = (body: unknown): boolean => decodeStopAnswer('s', body, NOW).stopped;
    const answer = { serverResponse: { uploadingStatus: 'uploaded' } };
    expect(stopped({ sid: 's', ...answer })).toBe(true);
    expect(stopped({ sid: 'other', ...answer })).toBe(false);
    expect(stopped({ Code: 200, Body: { sid: 'other', ...answer } })).toBe(false);
    expect(stopped({ sid: 'other', code: 435 })).toBe(false);
    const fileList = [{ fileName: 'a.m3u8' }];
    expect(decodeStopAnswer('s', { sid: 'other', serverResponse: { fileList } }, NOW).files).toEqual([]);
  });

  it('that was an error stopped nothing, but "no recorded data" did', () => {
    const stopped = (body: unknown): boolean => decodeStopAnswer('s', body, NOW).stopped;
    expect(stopped({ code: 404, reason: 'failed to find worker' })).toBe(false);
    expect(stopped({ code: 65, reason: 'request not completed' })).toBe(false);
    expect(stopped({ code: 49, reason: 'invalid operation' })).toBe(false);
    expect(stopped({ code: 435, reason: 'no recorded data' })).toBe(true);
    for (const body of [null, 'ok', [], 3]) expect(stopped(body)).toBe(false);
  });
});
