import { noticeOf } from '../../../src/agora/notice-from-raw.js';
import { isConsoleTest, parseNotification } from '../../../src/agora/parse-notification.js';
import { unixMs } from '../../../src/evidence/instant.js';
import type { Notice } from '../../../src/evidence/notice.js';
import { bytesOf, SAMPLES, sampleNotification } from '../../support/samples.js';

const RECEIPT = { appId: 'app', receivedMs: unixMs(1_772_450_000_000) };

function parse(id: string) {
  const parsed = parseNotification(bytesOf(sampleNotification(id)), RECEIPT);
  if (parsed.kind === 'unreadable') throw new Error(`${id} is unreadable: ${parsed.reason}`);
  return parsed;
}

function noticeFrom(id: string): Notice {
  return noticeOf(parse(id).envelope, RECEIPT, parse(id).envelope.eventKey);
}

/** What each sample tells, files by their names. */
const TOLD: Record<string, unknown> = {
  'ev1-upload-storage-config': {
    type: 'error',
    module: 1,
    level: 5,
    code: 32,
    stat: 1,
    message: 'invalid access key for bucket rec-prod',
  },
  'ev1-platform-start-timeout': {
    type: 'error',
    module: 2,
    level: 5,
    code: 52,
    stat: 1,
    message: 'start timeout',
  },
  'ev1-recorder-minor-no-msg': {
    type: 'error',
    module: 0,
    level: 2,
    code: 109,
    stat: 1,
    message: null,
  },
  'ev2-uploader-to-backup': { type: 'warning', module: 1, code: 32 },
  'ev2-recorder': { type: 'warning', module: 0, code: 106 },
  'ev3-status-20-no-filelist': { type: 'statusUpdated', status: 20, files: [] },
  'ev4-mix': { type: 'fileInfos', files: ['8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821.m3u8'] },
  'ev4-individual-audio': {
    type: 'fileInfos',
    files: ['c0a9d3f1b72e4e6f8d15a4920be7731c_consult77__uid_s_57297__uid_e_audio.m3u8'],
  },
  'ev11-normal': { type: 'sessionExit', exitStatus: 0 },
  'ev11-legacy-leaveStatus': { type: 'sessionExit', exitStatus: 0 },
  'ev11-no-status': { type: 'sessionExit', exitStatus: null },
  'ev12-failover': { type: 'failover', newUid: '1380217764' },
  'ev13-ha-register': { type: 'highAvailabilityRegistered' },
  'ev30-ok': { type: 'uploaderStarted', status: 0 },
  'ev30-bad': { type: 'uploaderStarted', status: 1 },
  'ev31-mix-hls': {
    type: 'uploaded',
    status: 0,
    uploadingStatus: null,
    files: ['8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821.m3u8'],
  },
  'ev31-mix-hls-mp4': {
    type: 'uploaded',
    status: 0,
    uploadingStatus: null,
    files: ['8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821_0.mp4', '8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821.m3u8'],
  },
  'ev31-web-no-filelist': { type: 'uploaded', status: 0, uploadingStatus: null, files: [] },
  'ev31-filename-lowercase': {
    type: 'uploaded',
    status: 0,
    uploadingStatus: null,
    files: ['8f2c1a7e54b94d0c9a3e6b1f70d2c845_lesson-4821.m3u8'],
  },
  'edge-uploaded-after-failover': {
    type: 'uploaded',
    status: 0,
    uploadingStatus: null,
    files: ['bak0_e67b20c9f4a84b51a2d03c9f8815de46_townhall.m3u8'],
  },
  'ev32-web': { type: 'backedUp', status: 0, uploadingStatus: null, files: [] },
  'ev32-raw-stranded': { type: 'backedUp', status: 0, uploadingStatus: 'stranded', files: [] },
  'ev33-0': { type: 'uploadProgress', progress: 0 },
  'ev33-mid': { type: 'uploadProgress', progress: 0.8333 },
  'ev33-done': { type: 'uploadProgress', progress: 1 },
  'edge-sendts-seconds': { type: 'uploadProgress', progress: 0.13 },
  'ev34-sts-expired': { type: 'storageTokenExpired' },
  'ev40-ok': { type: 'recorderStarted', status: 0 },
  'ev40-bad': { type: 'recorderStarted', status: 2 },
  'edge-health-test': { type: 'recorderStarted', status: 0 },
  'edge-retry-1': { type: 'recorderStarted', status: 0 },
  'edge-retry-2': { type: 'recorderStarted', status: 0 },
  'edge-redundant-copy': { type: 'recorderStarted', status: 0 },
  'edge-uid-after-failover': { type: 'recorderStarted', status: 0 },
  'edge-legacy-envelope': { type: 'recorderStarted', status: 0 },
  'ev41-leave-0': { type: 'recorderLeft', leaveCode: 0 },
  'ev41-leave-4': { type: 'recorderLeft', leaveCode: 4 },
  'ev41-leave-6': { type: 'recorderLeft', leaveCode: 6 },
  'ev41-leave-16': { type: 'recorderLeft', leaveCode: 16 },
  'ev41-leave-24': { type: 'recorderLeft', leaveCode: 24 },
  'edge-sequence-string': { type: 'recorderLeft', leaveCode: 2 },
  'ev42-mix': {
    type: 'sliceStarted',
    startedMs: 1772445603821,
    discontinuedMs: 1772445603821,
    mixedAllUser: true,
    streamUid: '0',
    trackType: 'audio_and_video',
  },
  'ev42-individual': {
    type: 'sliceStarted',
    startedMs: 1772445604089,
    discontinuedMs: 1772445604089,
    mixedAllUser: false,
    streamUid: '57297',
    trackType: 'audio',
  },
  'ev42-resumed': {
    type: 'sliceStarted',
    startedMs: 1772446505000,
    discontinuedMs: 1772446461200,
    mixedAllUser: true,
    streamUid: '0',
    trackType: 'audio_and_video',
  },
  'ev42-legacy-minimal': {
    type: 'sliceStarted',
    startedMs: 1772445603821,
    discontinuedMs: 1772445603821,
    mixedAllUser: null,
    streamUid: null,
    trackType: null,
  },
  'ev43-doc-spelling': {
    type: 'streamChanged',
    media: 'audio',
    streamUid: '57297',
    receiving: true,
    atMs: 1772445604010,
  },
  'edge-sequence-missing': {
    type: 'streamChanged',
    media: 'audio',
    streamUid: '0',
    receiving: true,
    atMs: 1772445604010,
  },
  'ev44-after-exit': {
    type: 'streamChanged',
    media: 'video',
    streamUid: '0',
    receiving: false,
    atMs: 1772446515490,
  },
  ev45: {
    type: 'snapshotTaken',
    files: ['shots/room1/72d9e4f05b8a41c6a7e31d608fbc2945_modqueue__uid_s_57297__uid_e_video_20260302100004089.jpg'],
  },
  ev46: { type: 'mediaInfoChanged', media: 'audio' },
  ev60: { type: 'vodStarted', videoId: '3c1f0b77d95f4ac5a4a1de1b5b2ef0a4' },
  ev61: { type: 'vodTriggered' },
  ev70: { type: 'webRecorderStarted', startedMs: 1772445606026, pageLoadedMs: null },
  'ev70-page-loaded': {
    type: 'webRecorderStarted',
    startedMs: 1772445606026,
    pageLoadedMs: 1772445605511,
  },
  'ev71-ok': {
    type: 'webRecorderStopped',
    code: 0,
    reason: 'ok',
    text: 'recording stopped by user',
    files: ['1d4e7ba2960c4f3fb8e2d75c0a61f938_webrec-demo-3.m3u8'],
  },
  'ev71-page-timeout': {
    type: 'webRecorderStopped',
    code: 4,
    reason: 'page_load_timeout',
    text: 'page not ready in 20s',
    files: [],
  },
  'ev71-old-minimal': {
    type: 'webRecorderStopped',
    code: null,
    reason: null,
    text: null,
    files: ['1d4e7ba2960c4f3fb8e2d75c0a61f938_webrec-demo-3.m3u8'],
  },
  'ev72-WebGL': { type: 'webCapabilityLimit', limit: 'WebGL' },
  'ev72-bandwidth': { type: 'webCapabilityLimit', limit: 'bandwidth' },
  'ev73-audio': { type: 'webReloaded', reason: 'audio_silence' },
  'ev73-timeout': { type: 'webReloaded', reason: 'page_load_timeout' },
  ev80: { type: 'transcoderStarted' },
  'ev81-all': {
    type: 'transcoderCompleted',
    result: 'all_success',
    files: ['b31f08d7c6ea4d279e50f1a84c927d63_voicechat9__uid_s_57297__uid_e_av.mp4'],
  },
  'ev81-fail': { type: 'transcoderCompleted', result: 'fail', files: [] },
  ev90: {
    type: 'downloadFailed',
    vendor: '1',
    region: '3',
    bucket: 'rec-prod',
    fileNames: [
      'b31f08d7c6ea4d279e50f1a84c927d63_voicechat9.m3u8',
      'b31f08d7c6ea4d279e50f1a84c927d63_voicechat9_20260302100004089.ts',
    ],
  },
  'ev1001-partial': {
    type: 'transcodeFinished',
    result: 'partial_success',
    files: ['b31f08d7c6ea4d279e50f1a84c927d63_voicechat9_0.mp4'],
  },
  'ev1001-failed': { type: 'transcodeFinished', result: 'failed', files: [] },
  'ev100-publishing': {
    type: 'cdnStatus',
    id: 'd0de5138',
    url: 'rtmp://live.example.net/app/…',
    status: 'publishing',
  },
  'ev100-onhold': { type: 'cdnStatus', id: 'd0de5138', url: 'rtmp://live.example.net/app/…', status: 'onhold' },
  'ev100-disconnected': {
    type: 'cdnStatus',
    id: 'd0de5138',
    url: 'rtmp://live.example.net/app/…',
    status: 'disconnected',
  },
};

/** Of another product: kept and counted, never folded. */
const OTHERS = [
  'ev110-cloud-transcoder',
  'ev112-cloud-transcoder',
  'ev113-cloud-transcoder',
  'edge-rtc-channel-destroy',
];

it('every sample has its expectation', () => {
  expect([...Object.keys(TOLD), ...OTHERS].sort()).toEqual(SAMPLES.notifications.map(({ id }) => id).sort());
});

it.each(Object.entries(TOLD))('%s tells what its page says', (id, told) => {
  const { event } = noticeFrom(id);
  const files = 'files' in event ? { files: event.files.map(({ name }) => name) } : {};
  expect({ ...event, ...files }).toEqual(told);
});

it.each(OTHERS)('%s belongs to another product', (id) => {
  expect(parse(id).kind).toBe('other_product');
});

describe('the envelope', () => {
  it('has who, where and when of an ordinary notification', () => {
    expect(noticeFrom('ev41-leave-16')).toMatchObject({
      appId: 'app',
      sid: '8f2c1a7e54b94d0c9a3e6b1f70d2c845',
      cname: 'lesson-4821',
      uid: '900001',
      eventType: 41,
      eventName: 'recorder_leave',
      serviceType: 1,
      sequence: 17,
      occurredMs: 1_772_445_668_000,
      notifiedMs: 1_772_445_668_230,
      receivedMs: RECEIPT.receivedMs,
    });
  });

  it('is read in its old form, with notificationId and a sequence that is text', () => {
    expect(noticeFrom('edge-legacy-envelope')).toMatchObject({
      noticeId: 'ee6b55a67f7aac59d7ff31c6b0d58498',
      sequence: 1,
      occurredMs: 1_772_445_600_990,
    });
    expect(noticeFrom('edge-sequence-string').sequence).toBe(17);
    expect(noticeFrom('edge-sequence-missing').sequence).toBeNull();
  });

  it('reads seconds as seconds and milliseconds as milliseconds, by their size', () => {
    expect(noticeFrom('edge-sendts-seconds').occurredMs).toBe(1_772_445_660_000);
  });

  it('takes the sid from the top level where the payload has none', () => {
    const body = { ...sampleNotification('ev40-ok'), payload: { details: { status: 0 } } };
    const parsed = parseNotification(bytesOf(body), RECEIPT);
    expect(parsed).toMatchObject({
      envelope: { sid: '8f2c1a7e54b94d0c9a3e6b1f70d2c845', uid: null },
    });
  });

  it('knows a uid above 2^31, as a number or as text', () => {
    for (const uid of [4_294_967_295, '4294967295']) {
      const body = { noticeId: 'n', productId: 3, eventType: 40, payload: { sid: 's', uid } };
      expect(parseNotification(bytesOf(body), RECEIPT)).toMatchObject({ envelope: { uid: '4294967295' } });
    }
  });

  it('keeps what only newer pages know: the scene of a v2 recording', () => {
    expect(noticeFrom('ev32-raw-stranded').serviceScene).toBe('rtsc/raw-recording');
  });

  it('keeps an unknown event by its number', () => {
    const body = {
      noticeId: 'n',
      productId: 3,
      eventType: 82,
      payload: { sid: 's', details: 'new' },
    };
    const parsed = parseNotification(bytesOf(body), RECEIPT);
    if (parsed.kind !== 'notice') throw new Error(parsed.kind);
    expect(noticeOf(parsed.envelope, RECEIPT, parsed.envelope.eventKey)).toMatchObject({
      eventName: 'event_82',
      event: { type: 'unknown' },
    });
  });

  it('tells the test events of the console from others', () => {
    expect(isConsoleTest(parse('edge-health-test').envelope)).toBe(true);
    expect(isConsoleTest(parse('ev40-ok').envelope)).toBe(false);
  });
});

describe('identity', () => {
  const keys = (id: string) => {
    const { noticeKey, eventKey } = parse(id).envelope;
    return { noticeKey, eventKey };
  };

  it('of a retry is the same, although its bytes differ', () => {
    expect(keys('edge-retry-2')).toEqual(keys('edge-retry-1'));
  });

  it('of a redundant copy under another id is another notification of the same event', () => {
    expect(keys('edge-redundant-copy').eventKey).toBe(keys('edge-retry-1').eventKey);
    expect(keys('edge-redundant-copy').noticeKey).not.toBe(keys('edge-retry-1').noticeKey);
  });

  it('of different samples is different, but for the copies of one event', () => {
    const byEvent = new Map<string, string[]>();
    for (const id of Object.keys(TOLD)) {
      const { eventKey } = keys(id);
      byEvent.set(eventKey, [...(byEvent.get(eventKey) ?? []), id]);
    }
    const shared = [...byEvent.values()].filter((ids) => ids.length > 1);
    expect(shared).toEqual([['edge-retry-1', 'edge-retry-2', 'edge-redundant-copy']]);
  });

  it('does not depend on the order of the keys', () => {
    const body = sampleNotification('ev31-mix-hls');
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const parsed = parseNotification(bytesOf(turned), RECEIPT);
    expect(parsed).toMatchObject({ envelope: keys('ev31-mix-hls') });
  });

  it('of the same notification in another app is another one', () => {
    const other = parseNotification(bytesOf(sampleNotification('ev40-ok')), {
      ...RECEIPT,
      appId: 'b',
    });
    expect(other).not.toMatchObject({ envelope: { noticeKey: keys('ev40-ok').noticeKey } });
  });
});

describe('what is no notification', () => {
  const reasons: [string, Buffer][] = [
    ['the body is not JSON', Buffer.from('eventType=40')],
    ['the body is not JSON', Buffer.alloc(0)],
    ['the body is not a JSON object', Buffer.from('[1,2]')],
    ['the body is not a JSON object', Buffer.from('null')],
    ['the body is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['there is no eventType, or it is not a number', Buffer.from('{"payload":{"sid":"s"}}')],
    ['a recording notification without a sid', Buffer.from('{"productId":3,"eventType":40}')],
  ];
  it.each(reasons)('%s', (reason, bytes) => {
    expect(parseNotification(bytes, RECEIPT)).toEqual({ kind: 'unreadable', reason });
  });
});
