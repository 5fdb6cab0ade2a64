import type { Tone } from '../picture/happenings.js';

type GlyphProps = { tone: Tone; x: number; y: number; isMany: boolean };

/** Each tone has a form of its own, so that nothing is told by colour alone. A ring around it: several in one. */
export function Glyph({ tone, x, y, isMany }: GlyphProps) {
  return (
    <g class={`glyph is-${tone}`} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
      {isMany && <circle class="ring" r="8" />}
      {shapeOf(tone)}
    </g>
  );
}

function shapeOf(tone: Tone) {
  switch (tone) {
    case 'plain':
    case 'alive':
      return <circle r="5" />;
    case 'beat':
      return <path d="M-5 0h2l2-4 3 8 2-4h2" class="line" />;
    case 'good':
      return <path d="M-5 -5h10v10h-10z" />;
    case 'bad':
      return <path d="M0 -6 6 5H-6z" />;
    case 'absent':
      return (
        <>
          <circle r="5" class="hollow" />
          <path d="M-3 -3 3 3M3 -3-3 3" class="line" />
        </>
      );
    case 'silent':
      return <circle r="5" class="dashed" />;
    case 'told':
      return <path d="M0 -6 6 0 0 6-6 0z" />;
  }
}
