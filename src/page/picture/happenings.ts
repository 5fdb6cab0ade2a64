import type { TimelineEntry } from '../../client/index.js';

/** Where a mark is drawn: what notifications said, what queries said, and what was told about or by us. */
export type Lane = 'notices' | 'queries' | 'others';

/** Of queries the three answers that matter: alive, not there, and nothing that tells. */
export type Tone = 'plain' | 'beat' | 'good' | 'bad' | 'alive' | 'absent' | 'silent' | 'told';

/** An entry of the timeline as the picture needs it. A run of equal answers lasts until `untilMs`. */
export type Happening = {
  index: number;
  lane: Lane;
  tone: Tone;
  atMs: number;
  untilMs: number;
  count: number;
  copies: number;
  label: string;
  /** What is named first where several share one mark. */
  weight: number;
};

const NAMES: Readonly<Record<string, string>> = {
  cloud_recording_error: 'error',
  cloud_recording_warning: 'warning',
  cloud_recording_status_update: 'status',
  cloud_recording_file_infos: 'files',
  session_exit: 'exit',
  session_failover: 'failover',
  uploader_started: 'uploader started',
  uploaded: 'uploaded',
  backuped: 'backed up',
  uploading_progress: 'heartbeat',
  recorder_started: 'recorder started',
  recorder_leave: 'leave',
  recorder_slice_start: 'slice',
  recorder_audio_stream_state_changed: 'audio',
  recorder_video_stream_state_changed: 'video',
  recorder_snapshot_file: 'snapshot',
  web_recorder_started: 'web recorder started',
  web_recorder_stopped: 'web recorder stopped',
  rtmp_publish_status: 'push',
  observed: 'answered',
  not_found: '404',
  no_route: 'no route',
  bad_request: 'bad request',
  throttled: '429',
  incomplete: 'incomplete',
  unavailable: 'no answer',
};

const WEIGHTS: Readonly<Record<string, number>> = {
  session_exit: 9,
  cloud_recording_error: 8,
  session_failover: 8,
  web_recorder_stopped: 7,
  recorder_leave: 7,
  recorder_started: 6,
  web_recorder_started: 6,
  uploaded: 5,
  backuped: 5,
  uploader_started: 4,
  recorder_slice_start: 3,
  uploading_progress: 0,
};

const BAD = new Set(['cloud_recording_error', 'session_failover', 'download_failed', 'web_recorder_capability_limit']);
const HEARTBEAT = 33;

export function happeningOf(entry: TimelineEntry, index: number): Happening {
  const { kind, deliveries } = entry;
  const atMs = Date.parse(entry.at);
  const told = { index, atMs, copies: deliveries, label: NAMES[kind] ?? kind.replaceAll('_', ' ') };
  switch (entry.source) {
    case 'notice': {
      const tone = toneOfNotice(entry.eventType, kind);
      return { ...told, lane: 'notices', tone, untilMs: atMs, count: 1, weight: WEIGHTS[kind] ?? 2 };
    }
    case 'query': {
      const { count, lastAskedAt } = entry.details;
      const tone = kind === 'observed' ? 'alive' : kind === 'not_found' ? 'absent' : 'silent';
      return { ...told, lane: 'queries', tone, untilMs: Date.parse(lastAskedAt), count, copies: 1, weight: 2 };
    }
    case 'registration':
    case 'stop':
    case 'bucket':
    case 'call':
    case 'inference':
      return { ...told, lane: 'others', tone: 'told', untilMs: atMs, count: 1, weight: 5 };
  }
}

function toneOfNotice(eventType: number | null, kind: string): Tone {
  if (eventType === HEARTBEAT) return 'beat';
  if (BAD.has(kind)) return 'bad';
  return kind === 'session_exit' || kind === 'uploaded' ? 'good' : 'plain';
}
