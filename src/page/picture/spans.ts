import type { Gap, Session, Streams, TimelineEntry } from '../../client/index.js';

/** A time that lasts, before it is drawn. What lasts still, and what began unseen, has null. */
export type Span = { id: string; label: string; tone: string; fromMs: number | null; toMs: number | null };

/** The recorders that followed each other, each from its first to its last sign. */
export function recorderSpans(timeline: readonly TimelineEntry[]): Span[] {
  const seen = new Map<string, { fromMs: number; toMs: number }>();
  for (const { uid, at, source } of timeline) {
    if (uid === null || source !== 'notice') continue;
    const atMs = Date.parse(at);
    const { fromMs, toMs } = seen.get(uid) ?? { fromMs: atMs, toMs: atMs };
    seen.set(uid, { fromMs: Math.min(fromMs, atMs), toMs: Math.max(toMs, atMs) });
  }
  return [...seen]
    .map(([uid, span]) => ({ id: `recorder-${uid}`, label: `recorder ${uid}`, tone: 'recorder', ...span }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * Where in time missing numbers belong: between the notices of their sender that were numbered just below and above.
 * A gap at the very beginning has nothing before it.
 */
export function gapSpans(gaps: readonly Gap[], timeline: readonly TimelineEntry[]): Span[] {
  return gaps.map((gap) => {
    const { uid, serviceType, from, to, count, state } = gap;
    let [below, above]: [TimelineEntry | null, TimelineEntry | null] = [null, null];
    for (const entry of timeline) {
      if (entry.sequence === null || entry.uid !== uid) continue;
      if (serviceType !== null && entry.serviceType !== serviceType) continue;
      if (entry.sequence < from && entry.sequence >= (below?.sequence ?? 0)) below = entry;
      if (entry.sequence > to && entry.sequence <= (above?.sequence ?? Infinity)) above = entry;
    }
    return {
      id: `gap-${uid}-${String(serviceType)}-${String(from)}`,
      label: `${String(count)} lost`,
      tone: state,
      fromMs: below === null ? null : Date.parse(below.at),
      toMs: above === null ? Date.parse(gap.openedAt) : Date.parse(above.at),
    };
  });
}

/** Slices, and every user's audio and video; those of one row together. */
export function mediaRows({ slices, streams, interruptions }: Streams): { name: string; spans: Span[] }[] {
  const holes = interruptions.map(({ from, to }, index) => ({
    id: `hole-${String(index)}`,
    label: 'interrupted',
    tone: 'hole',
    fromMs: Date.parse(from),
    toMs: Date.parse(to),
  }));
  const sliced = slices.map((slice, index) => ({
    id: `slice-${String(index)}`,
    label: 'slice',
    tone: 'slice',
    fromMs: Date.parse(slice.startedAt),
    toMs: sliceEnd(slices, index),
  }));
  const uids = [...new Set(streams.map(({ streamUid }) => streamUid))];
  const rows = uids.map((uid) => ({
    name: `user ${uid}`,
    spans: streams.flatMap(({ streamUid, media, from, to }, index) =>
      streamUid === uid
        ? [
            {
              id: `stream-${String(index)}`,
              label: media,
              tone: media,
              fromMs: Date.parse(from),
              toMs: to === null ? null : Date.parse(to),
            },
          ]
        : [],
    ),
  }));
  return sliced.length === 0 ? rows : [{ name: 'slices', spans: [...sliced, ...holes] }, ...rows];
}

/** A slice lasts until the next one of the same user begins. */
function sliceEnd(slices: Streams['slices'], index: number): number | null {
  const { streamUid, trackType } = slices[index] ?? {};
  const next = slices.slice(index + 1).find((slice) => slice.streamUid === streamUid && slice.trackType === trackType);
  return next === undefined ? null : Date.parse(next.startedAt);
}

const UPLOAD_ENDS = new Set(['uploaded', 'backuped']);

/** From the first word of the uploader to the one that says where the files are; null while nobody spoke of it. */
export function uploadSpan(timeline: readonly TimelineEntry[], { upload }: Session): Span | null {
  const told = timeline.filter(({ kind }) => kind.startsWith('upload') || kind === 'backuped');
  const [first] = told;
  if (first === undefined) return null;
  const end = told.findLast(({ kind }) => UPLOAD_ENDS.has(kind));
  const progress = upload.progress === null ? '' : ` ${String(Math.round(upload.progress * 100))} %`;
  return {
    id: 'upload',
    label: `${upload.state.replaceAll('_', ' ')}${upload.state === 'uploading' ? progress : ''}`,
    tone: upload.state,
    fromMs: Date.parse(first.at),
    toMs: end === undefined ? null : Date.parse(end.at),
  };
}
