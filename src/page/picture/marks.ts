import type { Happening, Lane, Tone } from './happenings.js';

/** One mark of the picture: a happening, or several that would lie upon each other. */
export type Mark = {
  id: string;
  lane: Lane;
  tone: Tone;
  x: number;
  /** Where a run of equal answers ends; as `x` for everything else. */
  x1: number;
  /** How many happenings it stands for, those of runs included. */
  count: number;
  copies: number;
  label: string;
  /** Entries of the timeline, by their index. */
  entries: readonly number[];
  fromMs: number;
  toMs: number;
  /** In which row its label is written; null where there is no room for it. */
  row: number | null;
};

const APART_PX = 15;
/** Heartbeats say the same again and again: fewer marks, each with its count. */
const BEATS_APART_PX = 60;

/** Happenings by lane, those that would touch collapsed into one mark, with labels where they fit. */
export function marksOf(happenings: readonly Happening[], xOf: (atMs: number) => number, width: number): Mark[] {
  const open = new Map<string, Mark & { weight: number }>();
  const marks: (Mark & { weight: number })[] = [];
  for (const happening of happenings) {
    const x = xOf(happening.atMs);
    const { lane, tone } = happening;
    // An answer and a 404 are never one mark: the moment between them is what the picture is about.
    const key = tone === 'beat' || lane === 'queries' ? `${lane} ${tone}` : lane;
    const last = open.get(key);
    const apart = tone === 'beat' ? BEATS_APART_PX : APART_PX;
    if (last !== undefined && x - last.x < apart) join(last, happening, xOf);
    else {
      const mark = begin(happening, x, xOf);
      open.set(key, mark);
      marks.push(mark);
    }
  }
  return placeLabels(marks, width);
}

function begin(happening: Happening, x: number, xOf: (atMs: number) => number): Mark & { weight: number } {
  const { index, lane, tone, atMs, untilMs, count, copies, label, weight } = happening;
  const place = { x, x1: xOf(untilMs), fromMs: atMs, toMs: untilMs, row: null };
  return { id: `${lane}-${String(index)}`, lane, tone, count, copies, label, entries: [index], weight, ...place };
}

function join(mark: Mark & { weight: number }, happening: Happening, xOf: (atMs: number) => number): void {
  mark.count += happening.count;
  mark.copies += happening.copies;
  mark.toMs = Math.max(mark.toMs, happening.untilMs);
  mark.x1 = Math.max(mark.x1, xOf(happening.untilMs));
  (mark.entries as number[]).push(happening.index);
  if (happening.weight <= mark.weight) return;
  const { label, tone, weight } = happening;
  Object.assign(mark, { label, tone, weight });
}

const ROWS: Readonly<Record<Lane, number>> = { notices: 3, queries: 2, others: 1 };
const CHAR_PX = 6.1;

/** The weightiest first; what finds no room goes without: the table has it. */
function placeLabels(marks: (Mark & { weight: number })[], width: number): Mark[] {
  const taken: Partial<Record<string, [number, number][]>> = {};
  for (const mark of marks.toSorted((a, b) => b.weight - a.weight)) {
    const half = (labelOf(mark).length * CHAR_PX) / 2 + 4;
    const middle = labelX(mark, width);
    for (let row = 0; row < ROWS[mark.lane] && mark.row === null; row += 1) {
      const others = (taken[`${mark.lane} ${String(row)}`] ??= []);
      if (others.some(([from, to]) => middle + half > from && middle - half < to)) continue;
      others.push([middle - half, middle + half]);
      mark.row = row;
    }
  }
  return marks.map(({ weight: _weight, ...mark }) => mark);
}

/** What is written at a mark: `exit`, `slice +3`, `heartbeat ×58`. */
export function labelOf({ label, tone, count, lane }: Pick<Mark, 'label' | 'tone' | 'count' | 'lane'>): string {
  if (count === 1) return label;
  return tone === 'beat' || lane === 'queries' ? `${label} ×${String(count)}` : `${label} +${String(count - 1)}`;
}

/** The middle of a label, kept inside the picture. */
export function labelX(mark: Pick<Mark, 'x' | 'x1' | 'label' | 'tone' | 'count' | 'lane'>, width: number): number {
  const half = (labelOf(mark).length * CHAR_PX) / 2;
  return Math.min(Math.max((mark.x + mark.x1) / 2, half), Math.max(half, width - half));
}
