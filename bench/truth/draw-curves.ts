export type Curve = { name: string; values: readonly number[] };
export type Panel = { title: string; curves: readonly Curve[] };

const WIDTH = 720;
const PANEL_HEIGHT = 240;
const MARGIN = { left: 48, right: 12, top: 56, between: 64 };
const COLOURS = ['#9a9a9a', '#c98b2b', '#3b6fb6', '#7c4fa3', '#c0392b'];
const POINTS = 120;

/** An SVG of cumulative distributions, a panel under another; `longest` is the end of the axis. */
export function drawCurves(title: string, panels: readonly Panel[], longest: number): string {
  const names = [...new Set(panels.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  const height = MARGIN.top + panels.length * (PANEL_HEIGHT + MARGIN.between);
  const colourOf = (name: string): string => COLOURS[names.indexOf(name) % COLOURS.length] ?? '#000';
  const body = panels.map((panel, n) =>
    drawPanel(panel, MARGIN.top + n * (PANEL_HEIGHT + MARGIN.between), longest, colourOf),
  );
  const legend = names.map((name, n) =>
    text(MARGIN.left + n * 134, 40, name.replace('notifications', 'notif.'), colourOf(name)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(MARGIN.left, 20, title, '#222', 14),
    ...legend,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, curves }: Panel, top: number, longest: number, colourOf: (name: string) => string): string {
  const bottom = top + 20 + PANEL_HEIGHT;
  const x = (seconds: number): number => MARGIN.left + (seconds / longest) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (share: number): number => bottom - share * PANEL_HEIGHT;
  const across = [0, 0.25, 0.5, 0.75, 1].map(
    (share) => `${line(x(0), y(share), x(longest), y(share))}${text(8, y(share) + 4, `${String(share * 100)} %`)}`,
  );
  const marks = Array.from({ length: 7 }, (_, n) => (n * longest) / 6);
  const along = marks.map((seconds) => text(x(seconds) - 8, bottom + 16, `${String(seconds)} s`));
  const drawn = curves.map(({ name, values }) => path(values, longest, x, y, colourOf(name)));
  return [text(MARGIN.left, top + 10, title, '#222', 12), ...across, ...along, ...drawn].join('\n');
}

function path(
  values: readonly number[],
  longest: number,
  x: (seconds: number) => number,
  y: (share: number) => number,
  colour: string,
): string {
  const sorted = values.toSorted((a, b) => a - b);
  const points = Array.from({ length: POINTS + 1 }, (_, n) => (n * longest) / POINTS).map((seconds) => {
    const above = sorted.findIndex((value) => value > seconds);
    const share = (above < 0 ? sorted.length : above) / Math.max(sorted.length, 1);
    return `${x(seconds).toFixed(1)},${y(share).toFixed(1)}`;
  });
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, words: string, colour = '#555', size = 11): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" fill="${colour}" font-size="${String(size)}">${words}</text>`;
}
