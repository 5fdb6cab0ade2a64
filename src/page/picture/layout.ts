import type { Gap, Session, Streams, TimelineEntry } from '../../client/index.js';
import type { Happening } from './happenings.js';
import { marksOf, type Mark } from './marks.js';
import { gapSpans, mediaRows, recorderSpans, uploadSpan, type Span } from './spans.js';
import { ticksOf, type Tick } from './ticks.js';
import { timeScale, type Break, type TimeScale } from './time-scale.js';

/** A version of the session, as the band between the two sources shows it. */
export type Concluded = { version: number; atMs: number; state: string; outcome: string | null; certainty: string };

export type PictureSource = {
  session: Session;
  timeline: readonly TimelineEntry[];
  happenings: readonly Happening[];
  versions: readonly Concluded[];
  gaps: readonly Gap[];
  streams: Streams;
};

/** Which part of it is wanted, in Unix ms; null: from its beginning, to its end. */
export type Range = { fromMs: number | null; toMs: number | null };

export type Bar = { id: string; label: string; tone: string; x0: number; x1: number };
export type Row = { name: string; bars: readonly Bar[] };

export type Picture = {
  width: number;
  scale: TimeScale;
  fromMs: number;
  toMs: number;
  ticks: readonly Tick[];
  breaks: readonly Break[];
  marks: readonly Mark[];
  gaps: readonly Bar[];
  band: readonly Bar[];
  /** When it must have ended, where nobody saw the moment. */
  unseenEnd: Bar | null;
  rows: readonly Row[];
  /** How many rows of users are left out. */
  moreRows: number;
};

const MOST_ROWS = 9;

/** What does not depend on the part that is shown. */
export type Story = {
  points: readonly number[];
  happenings: readonly Happening[];
  gaps: readonly Span[];
  band: readonly Span[];
  unseenEnd: readonly Span[];
  rows: readonly { name: string; spans: readonly Span[] }[];
};

export function storyOf(source: PictureSource): Story {
  return {
    points: pointsOf(source),
    happenings: source.happenings,
    gaps: gapSpans(source.gaps, source.timeline),
    band: bandOf(source.versions),
    unseenEnd: unseenEndOf(source.session),
    rows: rowsOf(source),
  };
}

export function layoutPicture(story: Story, range: Range, width: number): Picture {
  const { points } = story;
  const fromMs = range.fromMs ?? points[0] ?? 0;
  const toMs = range.toMs ?? points.at(-1) ?? fromMs;
  const inside = points.filter((atMs) => atMs > fromMs && atMs < toMs);
  const scale = timeScale([fromMs, ...inside, toMs], width);
  const isSeen = ({ atMs, untilMs }: Happening): boolean => untilMs >= fromMs && atMs <= toMs;
  const seen = story.happenings.filter(isSeen);
  const bars = (spans: readonly Span[]): Bar[] => spans.flatMap((span) => barOf(span, scale, fromMs, toMs));
  const rows = story.rows.map(({ name, spans }) => ({ name, bars: bars(spans) }));
  return {
    width,
    scale,
    fromMs,
    toMs,
    ticks: ticksOf(scale.stretches, scale.xOf),
    breaks: scale.breaks,
    marks: marksOf(seen, scale.xOf, width),
    gaps: bars(story.gaps),
    band: bars(story.band),
    unseenEnd: bars(story.unseenEnd)[0] ?? null,
    rows: rows.slice(0, MOST_ROWS),
    moreRows: Math.max(0, rows.length - MOST_ROWS),
  };
}

/** What the scale gives room to. Heartbeats are left out: else an hour of them is no silence. */
function pointsOf({ happenings, versions, session }: PictureSource): number[] {
  const { endedAt } = session;
  const ends = [endedAt?.notBefore, endedAt?.notAfter, endedAt?.at].flatMap((at) => (at ? [Date.parse(at)] : []));
  const told = happenings.flatMap(({ tone, atMs, untilMs }) => (tone === 'beat' ? [] : [atMs, untilMs]));
  const beats = happenings.filter(({ tone }) => tone === 'beat');
  const outer = [beats[0], beats.at(-1)].flatMap((beat) => (beat === undefined ? [] : [beat.atMs]));
  const points = new Set([...told, ...outer, ...versions.map(({ atMs }) => atMs), ...ends]);
  return [...points].sort((a, b) => a - b);
}

function rowsOf({ timeline, streams, session }: PictureSource): { name: string; spans: Span[] }[] {
  const recorders = recorderSpans(timeline);
  const upload = uploadSpan(timeline, session);
  return [
    ...(recorders.length === 0 ? [] : [{ name: recorders.length > 1 ? 'recorders' : 'recorder', spans: recorders }]),
    ...(upload === null ? [] : [{ name: 'upload', spans: [upload] }]),
    ...mediaRows(streams),
  ];
}

function bandOf(versions: readonly Concluded[]): Span[] {
  return versions.map(({ version, atMs, state, outcome, certainty }, index) => ({
    id: `version-${String(version)}`,
    label: `${(outcome ?? state).replaceAll('_', ' ')}, ${certainty}`,
    tone: outcome ?? state,
    fromMs: atMs,
    toMs: versions[index + 1]?.atMs ?? null,
  }));
}

function unseenEndOf({ endedAt }: Session): Span[] {
  if (endedAt?.at !== null || endedAt.notAfter === null) return [];
  const { notBefore, notAfter } = endedAt;
  const fromMs = notBefore === null ? null : Date.parse(notBefore);
  return [{ id: 'unseen-end', label: 'it ended in here', tone: 'unseen', fromMs, toMs: Date.parse(notAfter) }];
}

const LEAST_PX = 3;

/** Nothing where it lies outside the range. */
function barOf(span: Span, { xOf }: TimeScale, fromMs: number, toMs: number): Bar[] {
  const begin = Math.max(span.fromMs ?? fromMs, fromMs);
  const end = Math.min(span.toMs ?? toMs, toMs);
  if (end < begin) return [];
  const { id, label, tone } = span;
  const x0 = xOf(begin);
  return [{ id, label, tone, x0, x1: Math.max(xOf(end), x0 + LEAST_PX) }];
}
