import { fileList, playlistName } from './file-names.js';
import type { Random } from './random.js';
import type { PlannedNotice, SimulatedSession } from './simulated-session.js';
import type { WorldProfile } from './world-profile.js';

type Life = Omit<SimulatedSession, 'notices'>;
type Happening = Omit<PlannedNotice, 'sequence' | 'uid'>;

/**
 * Everything the session will say, in true order, in the documented lifecycle of its mode.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function planNotices(life: Life, profile: WorldProfile, random: Random): readonly PlannedNotice[] {
  if (life.fate === 'never_started') return [];
  const happenings = [
    ...starting(life),
    ...heartbeats(life, profile),
    ...snapshots(life, profile),
    ...pushes(life),
    ...ending(life),
  ].filter(({ occurredMs }) => occurredMs <= Math.round(life.aliveUntilMs));
  const told = numbered(life, [...happenings, ...failovers(life)]);
  return [...told, ...replacedExits(life, told, profile, random), ...late(life, told)].sort(
    (a, b) => a.occurredMs - b.occurredMs,
  );
}

function happening(
  occurredMs: number,
  eventType: number,
  serviceType: number,
  msgName: string,
  details: Record<string, unknown> = {},
): Happening {
  return {
    occurredMs: Math.round(occurredMs),
    eventType,
    serviceType,
    details: { msgName, ...details },
  };
}

function starting(life: Life): Happening[] {
  const { startMs, readyMs, mode } = life;
  const ready = Math.max(readyMs, startMs + 1);
  const first = happening(startMs + 300, 30, 2, 'uploader_started', { status: 0 });
  if (mode === 'web') {
    return [
      first,
      happening(ready, 70, 6, 'web_recorder_started', { recorderStartTime: Math.round(ready) }),
      happening(ready + 2_000, 4, 0, 'cloud_recording_file_infos', {
        fileList: playlistName(life, 0),
      }),
    ];
  }
  const stream = { streamUid: '57297', state: 0, UtcMs: Math.round(ready + 200) };
  const slice = {
    startUtcMs: Math.round(ready + 250),
    discontinueUtcMs: Math.round(ready + 250),
    mixedAllUser: mode === 'mix',
    streamUid: mode === 'mix' ? '0' : '57297',
    trackType: 'audio_and_video',
  };
  return [
    first,
    happening(ready, 40, 1, 'recorder_started', { status: 0 }),
    happening(ready + 50, 13, 0, 'high_availability_register_success'),
    happening(ready + 200, 43, 1, 'recorder_audio_stream_state_changed', stream),
    happening(ready + 210, 44, 1, 'recorder_video_stream_state_changed', stream),
    happening(ready + 250, 42, 1, 'recorder_slice_start', slice),
    happening(ready + 900, 4, 0, 'cloud_recording_file_infos', { fileList: playlistName(life, 0) }),
  ];
}

function heartbeats({ readyMs, stoppingMs }: Life, { heartbeatEveryMs }: WorldProfile): Happening[] {
  const count = Math.max(0, Math.floor((stoppingMs - readyMs) / heartbeatEveryMs));
  return Array.from({ length: count }, (_, index) =>
    happening(readyMs + (index + 1) * heartbeatEveryMs, 33, 2, 'uploading_progress', {
      progress: Math.min(9_900, 7_000 + index * 10),
    }),
  );
}

function snapshots(life: Life, { snapshotEveryMs }: WorldProfile): Happening[] {
  if (!life.snapshots) return [];
  const count = Math.max(0, Math.floor((life.stoppingMs - life.readyMs) / snapshotEveryMs));
  return Array.from({ length: count }, (_, index) => {
    const atMs = life.readyMs + (index + 1) * snapshotEveryMs;
    const fileName = `shots/${life.sid}_${life.cname}__uid_s_57297__uid_e_video_${String(Math.round(atMs))}.jpg`;
    return happening(atMs, 45, 1, 'recorder_snapshot_file', { fileName });
  });
}

/** Event 100 tells each turn of each output. */
function pushes({ parts: { outputs } }: Life): Happening[] {
  return outputs.flatMap(({ url, turns }) =>
    turns.map(({ fromMs, status }) => happening(fromMs, 100, 6, 'rtmp_publish_status', { rtmpUrl: url, status })),
  );
}

/** A crash says nothing; an early failure reports an error and is gone. */
function ending(life: Life): Happening[] {
  const { fate, stoppingMs, aliveUntilMs, mode } = life;
  if (fate === 'crashed') return [];
  if (fate === 'failed_early') {
    const error = { module: 1, errorLevel: 5, errorCode: 32, stat: 1, errorMsg: 'storage configuration is wrong' };
    return [happening(stoppingMs, 1, 0, 'cloud_recording_error', error)];
  }
  const span = aliveUntilMs - stoppingMs;
  const files = { status: 0, fileList: fileList(life) };
  const leave =
    mode === 'web'
      ? happening(stoppingMs, 71, 6, 'web_recorder_stopped', {
          code: 0,
          message: 'ok',
          details: 'stopped by user',
          fileList: fileList(life),
        })
      : happening(stoppingMs, 41, 1, 'recorder_leave', { leaveCode: 16 });
  return [
    leave,
    happening(stoppingMs + span * 0.7, 33, 2, 'uploading_progress', { progress: 10_000 }),
    happening(stoppingMs + span * 0.8, 31, 2, 'uploaded', mode === 'web' ? { status: 0 } : files),
    happening(aliveUntilMs, 11, 0, 'session_exit', {
      exitStatus: fate === 'abnormal_exit' ? 1 : 0,
    }),
  ];
}

/** The old recorder announces the new one, which then begins with a start of its own. */
function failovers(life: Life): Happening[] {
  return life.failovers.flatMap(({ atMs, backAtMs, newUid }, index) => [
    happening(atMs, 12, 0, 'session_failover', { newUid: Number(newUid) }),
    life.mode === 'web'
      ? happening(backAtMs, 70, 6, 'web_recorder_started', { recorderStartTime: Math.round(backAtMs) })
      : happening(backAtMs, 40, 1, 'recorder_started', { status: 0 }),
    happening(backAtMs + 100, 4, 0, 'cloud_recording_file_infos', { fileList: playlistName(life, index + 1) }),
  ]);
}

/** One count a recorder, over all its modules, beginning at 0. While it moves, nothing is said. */
function numbered(life: Life, happenings: readonly Happening[]): PlannedNotice[] {
  const next = new Map<string, number>();
  return happenings
    .toSorted((a, b) => a.occurredMs - b.occurredMs)
    .filter(({ occurredMs, eventType }) => eventType === 12 || !isMoving(life, occurredMs))
    .map((told) => {
      const uid = recorderAt(life, told);
      const sequence = next.get(uid) ?? 0;
      next.set(uid, sequence + 1);
      return { ...told, uid, sequence };
    });
}

function isMoving({ failovers: moves }: Life, atMs: number): boolean {
  return moves.some((move) => atMs > Math.round(move.atMs) && atMs < Math.round(move.backAtMs));
}

function recorderAt(life: Life, { occurredMs, eventType }: Happening): string {
  const over = life.failovers.filter(({ atMs }) =>
    eventType === 12 ? Math.round(atMs) < occurredMs : Math.round(atMs) <= occurredMs,
  );
  return over.at(-1)?.newUid ?? life.uid;
}

/** A recorder that was replaced sometimes still reports its exit. A ledger must not end the session by it. */
function replacedExits(
  life: Life,
  told: readonly PlannedNotice[],
  profile: WorldProfile,
  random: Random,
): PlannedNotice[] {
  return life.failovers.flatMap(({ atMs }, index) => {
    if (!random.chance(profile.replacedExitShare)) return [];
    const uid = life.failovers[index - 1]?.newUid ?? life.uid;
    const exit = happening(atMs + 200, 11, 0, 'session_exit', { exitStatus: 1 });
    return [{ ...exit, uid, sequence: told.filter((notice) => notice.uid === uid).length }];
  });
}

/** What comes after the end as a matter of course. */
function late(life: Life, told: readonly PlannedNotice[]): PlannedNotice[] {
  const last = told.at(-1);
  if (last?.eventType !== 11 || life.mode === 'web') return [];
  const trailing = happening(last.occurredMs + 50, 44, 1, 'recorder_video_stream_state_changed', {
    streamUid: '57297',
    state: 1,
    utcMs: last.occurredMs,
  });
  return [{ ...trailing, uid: last.uid, sequence: last.sequence + 1 }];
}
