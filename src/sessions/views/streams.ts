import type { Evidence } from '../../evidence/evidence.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import { happenedMs } from '../facts/fold-notice.js';
import { groupBy } from '../facts/group-by.js';

/** A time in which one user's audio or video was received. `toMs` is null while it lasts. */
export type StreamInterval = {
  streamUid: string;
  media: 'audio' | 'video';
  fromMs: UnixMs;
  toMs: UnixMs | null;
};

/** One stretch of recording without interruption, from the start of its first slice. */
export type Slice = {
  startedMs: UnixMs;
  streamUid: string | null;
  trackType: string | null;
  mixedAllUser: boolean | null;
};

/** A time in which nothing was recorded: from the end of the last good slice to the next start. */
export type Interruption = { fromMs: UnixMs; toMs: UnixMs; streamUid: string | null };

export type StreamHistory = {
  streams: readonly StreamInterval[];
  slices: readonly Slice[];
  interruptions: readonly Interruption[];
};

/** The events that this is read from. */
export const STREAM_EVENTS: readonly number[] = [42, 43, 44];

/** Who was recorded when (events 43 and 44), in which slices and with which interruptions (42). */
export function streamHistory(evidence: readonly Evidence[]): StreamHistory {
  const notices = evidence.filter((piece) => piece.kind === 'notice');
  const changes = notices.flatMap(streamChange);
  const starts = notices.flatMap(sliceStart);
  return {
    streams: [...groupBy(changes, streamKey).values()].flatMap(intervals).sort(byStart),
    slices: starts.map(({ slice }) => slice).sort((a, b) => a.startedMs - b.startedMs),
    interruptions: starts
      .flatMap(({ interruption }) => (interruption === null ? [] : [interruption]))
      .sort((a, b) => a.fromMs - b.fromMs),
  };
}

type StreamChange = {
  streamUid: string;
  media: 'audio' | 'video';
  receiving: boolean;
  atMs: UnixMs;
};

function streamChange(notice: Notice): StreamChange[] {
  const { event } = notice;
  if (event.type !== 'streamChanged' || event.streamUid === null || event.receiving === null) {
    return [];
  }
  const { streamUid, media, receiving } = event;
  return [{ streamUid, media, receiving, atMs: event.atMs ?? happenedMs(notice) }];
}

function streamKey({ streamUid, media }: StreamChange): string {
  return `${media} ${streamUid}`;
}

/** Two changes of one moment: receiving first, so that the interval is empty and not open. */
function intervals(changes: readonly StreamChange[]): StreamInterval[] {
  const ordered = changes.toSorted((a, b) => a.atMs - b.atMs || Number(b.receiving) - Number(a.receiving));
  const found: StreamInterval[] = [];
  let open: StreamInterval | null = null;
  for (const { streamUid, media, receiving, atMs } of ordered) {
    if (receiving) open ??= { streamUid, media, fromMs: atMs, toMs: null };
    else if (open !== null) {
      found.push({ ...open, toMs: atMs });
      open = null;
    }
  }
  return open === null ? found : [...found, open];
}

function byStart(a: StreamInterval, b: StreamInterval): number {
  if (a.fromMs !== b.fromMs) return a.fromMs - b.fromMs;
  return `${a.streamUid} ${a.media}` < `${b.streamUid} ${b.media}` ? -1 : 1;
}

function sliceStart(notice: Notice): { slice: Slice; interruption: Interruption | null }[] {
  const { event } = notice;
  if (event.type !== 'sliceStarted') return [];
  const { discontinuedMs, streamUid, trackType, mixedAllUser } = event;
  const startedMs = event.startedMs ?? unixMs(happenedMs(notice));
  const interrupted = discontinuedMs !== null && discontinuedMs < startedMs;
  return [
    {
      slice: { startedMs, streamUid, trackType, mixedAllUser },
      interruption: interrupted ? { fromMs: discontinuedMs, toMs: startedMs, streamUid } : null,
    },
  ];
}
