/** A time that is drawn to scale. Instants are Unix ms, places are px from the left edge. */
export type Stretch = { fromMs: number; toMs: number; x0: number; x1: number };

/** A silence that is not drawn to scale, between two stretches. */
export type Break = Stretch;

export type TimeScale = {
  stretches: readonly Stretch[];
  breaks: readonly Break[];
  xOf: (atMs: number) => number;
  atOf: (x: number) => number;
};

/** Narrower, the length of a silence could not be written there. */
const BREAK_PX = 46;
/** Keeps marks at the edge of a stretch away from the break. */
const PAD_PX = 12;
const STRETCH_LEAST_PX = 84;
/** A silence is cut out where it would be drawn wider than so many breaks: else cutting wins nothing. */
const BREAKS_WON = 3;
/** Shorter, it is no silence that anybody needs to be told of. */
const SILENCE_LEAST_MS = 1_000;
/** Closer, two happenings cannot be told apart. While none are, nothing needs more room. */
const CROWDED_PX = 14;

/**
 * Where instants lie, so that bursts are spread and silences do not squeeze them: a chain of stretches, each to
 * scale, with breaks of one width between them. Why: docs/decisions/042. `pointsMs` ascending, one at least.
 */
export function timeScale(pointsMs: readonly number[], width: number): TimeScale {
  const pieces = cutAtSilences(pointsMs, width);
  const widths = widthsOf(pieces, width);
  const stretches: Stretch[] = [];
  const breaks: Break[] = [];
  let x = 0;
  for (const [index, piece] of pieces.entries()) {
    const last = stretches.at(-1);
    if (last !== undefined) {
      breaks.push({ fromMs: last.toMs, toMs: piece.fromMs, x0: x, x1: x + BREAK_PX });
      x += BREAK_PX;
    }
    const wide = widths[index] ?? 0;
    stretches.push({ fromMs: piece.fromMs, toMs: piece.toMs, x0: x, x1: x + wide });
    x += wide;
  }
  return { stretches, breaks, xOf: placeOf(stretches), atOf: instantAt(stretches, breaks) };
}

/** Points from `begin` up to and without `end`. */
type Piece = { begin: number; end: number; fromMs: number; toMs: number };

function mostStretches(width: number): number {
  return Math.max(1, Math.floor((width + BREAK_PX) / (STRETCH_LEAST_PX + BREAK_PX)));
}

/** The silence that is drawn widest is cut out first, again and again, while that makes room for what is crowded. */
function cutAtSilences(pointsMs: readonly number[], width: number): Piece[] {
  const most = mostStretches(width);
  const ends = [0, pointsMs.length];
  for (;;) {
    const pieces = ends.slice(1).map((end, index) => pieceOf(pointsMs, ends[index] ?? 0, end));
    const cut = pieces.length < most ? widestSilence(pointsMs, pieces, widthsOf(pieces, width)) : null;
    if (cut === null) return pieces;
    ends.push(cut);
    ends.sort((a, b) => a - b);
  }
}

function pieceOf(pointsMs: readonly number[], begin: number, end: number): Piece {
  return { begin, end, fromMs: pointsMs[begin] ?? 0, toMs: pointsMs[end - 1] ?? 0 };
}

/** The index of the point after it; null where nothing is crowded, or no silence is wide enough to be cut. */
function widestSilence(
  pointsMs: readonly number[],
  pieces: readonly Piece[],
  widths: readonly number[],
): number | null {
  let found: number | null = null;
  let widest = BREAK_PX * BREAKS_WON;
  let isCrowded = false;
  for (const [index, { begin, end, fromMs, toMs }] of pieces.entries()) {
    const pxPerMs = (widths[index] ?? 0) / Math.max(toMs - fromMs, 1);
    for (let at = begin + 1; at < end; at += 1) {
      const px = ((pointsMs[at] ?? 0) - (pointsMs[at - 1] ?? 0)) * pxPerMs;
      isCrowded ||= px < CROWDED_PX;
      if (px > widest && px > SILENCE_LEAST_MS * pxPerMs) [found, widest] = [at, px];
    }
  }
  return isCrowded ? found : null;
}

function widthsOf(pieces: readonly Piece[], width: number): number[] {
  return shareOut(pieces.map(weightOf), width - (pieces.length - 1) * BREAK_PX);
}

/** More happenings get more room, but a hundred times as many not a hundred times as much. */
function weightOf({ begin, end }: Piece): number {
  return Math.sqrt(end - begin);
}

function shareOut(weights: readonly number[], room: number): number[] {
  const least = Math.min(STRETCH_LEAST_PX, room / weights.length);
  const rest = room - least * weights.length;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => least + (rest * weight) / sum);
}

function placeOf(stretches: readonly Stretch[]): (atMs: number) => number {
  return (atMs) => {
    const after = stretches.findIndex(({ toMs }) => atMs <= toMs);
    const stretch = stretches[after === -1 ? stretches.length - 1 : after];
    if (stretch === undefined) return 0;
    if (atMs > stretch.toMs) return stretch.x1;
    const before = stretches[after - 1];
    if (atMs >= stretch.fromMs) return within(stretch, atMs);
    if (before === undefined) return stretch.x0;
    const share = (atMs - before.toMs) / (stretch.fromMs - before.toMs);
    return before.x1 + share * (stretch.x0 - before.x1);
  };
}

function within({ fromMs, toMs, x0, x1 }: Stretch, atMs: number): number {
  if (toMs === fromMs) return (x0 + x1) / 2;
  return x0 + PAD_PX + ((atMs - fromMs) / (toMs - fromMs)) * (x1 - x0 - 2 * PAD_PX);
}

/** The other way round, for a pointer: in the pad of a stretch its end, in a break a part of the silence. */
function instantAt(stretches: readonly Stretch[], breaks: readonly Break[]): (x: number) => number {
  return (x) => {
    const silence = breaks.find(({ x0, x1 }) => x > x0 && x < x1);
    if (silence !== undefined) return mixed(silence.fromMs, silence.toMs, (x - silence.x0) / (silence.x1 - silence.x0));
    const stretch = stretches.find(({ x1 }) => x <= x1) ?? stretches.at(-1);
    if (stretch === undefined) return 0;
    const { fromMs, toMs, x0, x1 } = stretch;
    return mixed(fromMs, toMs, (x - x0 - PAD_PX) / (x1 - x0 - 2 * PAD_PX));
  };
}

function mixed(from: number, to: number, share: number): number {
  return from + (to - from) * Math.min(1, Math.max(0, share));
}
