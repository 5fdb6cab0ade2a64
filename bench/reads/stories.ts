import type { RecordingMode } from '../../src/evidence/registration.js';

/** What a kind of session consists of; times are seconds after its start. */
export type Story = {
  name: string;
  /** How many of a thousand are of this kind. */
  share: number;
  mode: RecordingMode | null;
  registered: boolean;
  notices: readonly ToldNotice[];
  answers: readonly ToldAnswer[];
};

/** `late`: how many seconds after it happened it was received. */
export type ToldNotice = {
  at: number;
  eventType: number;
  serviceType: number;
  sequence: number;
  details: Readonly<Record<string, unknown>>;
  late?: number;
};

/** `status` null: a 404. */
export type ToldAnswer = { at: number; status: number | null };

const MINUTE = 60;
const FILES = { fileList: { fileName: 'SID_CNAME.m3u8', trackType: 'audio_and_video', uid: '0', mixedAllUser: true } };

const started: readonly ToldNotice[] = [
  { at: 2, eventType: 40, serviceType: 1, sequence: 0, details: { msgName: 'recorder_started', status: 0 } },
  { at: 3, eventType: 30, serviceType: 2, sequence: 0, details: { msgName: 'uploader_started', status: 0 } },
  {
    at: 4,
    eventType: 42,
    serviceType: 1,
    sequence: 1,
    details: {
      msgName: 'recorder_slice_start',
      startUtcMs: 0,
      discontinueUtcMs: 0,
      mixedAllUser: true,
      streamUid: '0',
      trackType: 'audio_and_video',
    },
  },
  streams(5, 2, 0),
  streams(6, 3, 1),
];

function streams(at: number, sequence: number, state: number): ToldNotice {
  const details = {
    msgName: 'recorder_video_stream_state_changed',
    streamUid: String(100 + sequence),
    state,
    UtcMs: 0,
  };
  return { at, eventType: 44, serviceType: 1, sequence, details };
}

/** Heartbeats, one each five minutes so that a session has some twenty notices. */
function beats(count: number, missing: readonly number[] = [], late: readonly number[] = []): ToldNotice[] {
  return Array.from({ length: count }, (_, n) => ({
    at: (n + 1) * 5 * MINUTE,
    eventType: 33,
    serviceType: 2,
    sequence: n + 1,
    details: { msgName: 'uploading_progress', progress: Math.round((10_000 * (n + 1)) / count) },
    ...(late.includes(n) ? { late: 20 } : {}),
  })).filter((_, n) => !missing.includes(n));
}

const LIVED = 11;
const OVER_AT = (LIVED + 1) * 5 * MINUTE;
const uploadedAt = (sequence: number): ToldNotice => ({
  at: OVER_AT + 5,
  eventType: 31,
  serviceType: 2,
  sequence,
  details: { msgName: 'uploaded', status: 0, ...FILES },
});
const left: ToldNotice = {
  at: OVER_AT,
  eventType: 41,
  serviceType: 1,
  sequence: 4,
  details: { msgName: 'recorder_leave', leaveCode: 2 },
};
const exit = (exitStatus: number): ToldNotice => ({
  at: OVER_AT + 6,
  eventType: 11,
  serviceType: 0,
  sequence: 0,
  details: { msgName: 'session_exit', exitStatus },
});

const asked: readonly ToldAnswer[] = [
  { at: 8, status: 5 },
  { at: 20 * MINUTE, status: 5 },
  { at: 40 * MINUTE, status: 5 },
];
const confirmed: readonly ToldAnswer[] = [{ at: OVER_AT + 200, status: null }];
const gone = (from: number): ToldAnswer[] => [0, 30, 60, 95, 220].map((more) => ({ at: from + more, status: null }));

const normal = { mode: 'mix', registered: true } as const;
const whole = [...started, ...beats(LIVED), left, uploadedAt(LIVED + 1), exit(0)];

/** Over, and shares of them. */
export const STORIES: readonly Story[] = [
  { name: 'completed', share: 800, ...normal, notices: whole, answers: [...asked, ...confirmed] },
  {
    name: 'completed, individual',
    share: 60,
    ...normal,
    mode: 'individual',
    notices: whole,
    answers: [...asked, ...confirmed],
  },
  { name: 'completed, web', share: 40, ...normal, mode: 'web', notices: whole, answers: [...asked, ...confirmed] },
  { name: 'not registered', share: 20, mode: null, registered: false, notices: whole, answers: [] },
  {
    name: 'gap',
    share: 30,
    ...normal,
    notices: [...started, ...beats(LIVED, [4], [7]), left, uploadedAt(LIVED + 1), exit(0)],
    answers: [...asked, ...confirmed],
  },
  {
    name: 'abnormal exit',
    share: 15,
    ...normal,
    notices: [...started, ...beats(LIVED), exit(1)],
    answers: [...asked, ...confirmed],
  },
  {
    name: 'vanished',
    share: 25,
    ...normal,
    notices: [...started, ...beats(8)],
    answers: [...asked, ...gone(50 * MINUTE)],
  },
  { name: 'never started', share: 10, ...normal, notices: [], answers: gone(95) },
];

/** Going on at the end of the month: a few of a thousand. */
export const LIVE_STORIES: readonly Story[] = [
  { name: 'recording', share: 850, ...normal, notices: [...started, ...beats(6)], answers: asked.slice(0, 2) },
  { name: 'starting', share: 30, ...normal, notices: started.slice(1, 2), answers: [] },
  {
    name: 'stopping',
    share: 70,
    ...normal,
    notices: [...started, ...beats(6), { ...left, at: 31 * MINUTE }],
    answers: asked.slice(0, 2),
  },
  { name: 'registered', share: 50, ...normal, notices: [], answers: [] },
];
