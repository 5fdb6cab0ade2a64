import { useId } from 'preact/hooks';
import type { Bar, Picture, Range } from '../picture/layout.js';
import type { Mark } from '../picture/marks.js';
import { clock, clockWithMs, duration, inWords } from '../state/format.js';
import { Marks, type MarksProps } from './picture-marks.js';
import { LANES, pictureHeight, ROW_PX } from './picture-places.js';
import { useDragging } from './use-dragging.js';

type PictureProps = Omit<MarksProps, 'marks' | 'width'> & {
  picture: Picture;
  onRange: (range: Range) => void;
  onZoom: (factor: number | null, mark: Mark | null) => void;
};

/** Both sources and the conclusions between them, over one axis of time. The table below says the same. */
export function PictureOfTime({ picture, onRange, ...marks }: PictureProps) {
  const { width, scale, unseenEnd, rows, moreRows } = picture;
  const hatch = useId();
  const [dragged, handlers] = useDragging((x0, x1) =>
    onRange({ fromMs: Math.floor(scale.atOf(x0)), toMs: Math.ceil(scale.atOf(x1)) }),
  );
  const height = pictureHeight(rows.length);
  return (
    <svg class="picture" width={width} height={height} viewBox={`0 0 ${String(width)} ${String(height)}`} {...handlers}>
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v6" class="hatch" />
        </pattern>
      </defs>
      <g aria-hidden="true">
        <Axis picture={picture} height={height} />
        {unseenEnd !== null && <UnseenEnd bar={unseenEnd} height={height} width={width} />}
        {LANES.map(({ name, y }) => (
          <text key={name} x="2" y={y} class="lane-name">
            {name}
          </text>
        ))}
        {picture.gaps.map((bar) => (
          <GapBar key={bar.id} bar={bar} hatch={hatch} />
        ))}
        <Band bars={picture.band} />
        <Rows picture={picture} />
        {moreRows > 0 && (
          <text x="2" y={height - 4} class="lane-name">
            and {moreRows} more users: see the table
          </text>
        )}
        {dragged !== null && (
          <rect class="dragged" x={dragged[0]} y="0" width={dragged[1] - dragged[0]} height={height} />
        )}
      </g>
      <Marks marks={picture.marks} width={width} {...marks} />
    </svg>
  );
}

/** As long as 10:32:05.250. */
const LABEL_PX = 72;

function Axis({
  picture: { width, ticks, breaks, scale, toMs, fromMs },
  height,
}: {
  picture: Picture;
  height: number;
}) {
  const isShort = toMs - fromMs < 20_000;
  return (
    <>
      {scale.stretches.map(({ x0, x1 }) => (
        <rect key={x0} class="stretch" x={x0} y="22" width={x1 - x0} height={height - 22} rx="4" />
      ))}
      {breaks.map(({ x0, x1, fromMs: from, toMs: to }) => (
        <g key={x0} class="break">
          <path d={`M${String(x0)} 22V${String(height)}M${String(x1)} 22V${String(height)}`} />
          <text x={(x0 + x1) / 2} y="48">
            {duration(to - from)}
          </text>
        </g>
      ))}
      {ticks.map(({ atMs, x }) => (
        <g key={atMs} class="tick">
          <path d={`M${x.toFixed(1)} 20V${String(height)}`} />
          <text x={Math.min(x + 3, width - LABEL_PX)} y="14">
            {isShort || atMs % 1000 !== 0 ? clockWithMs(atMs) : clock(atMs)}
          </text>
        </g>
      ))}
    </>
  );
}

function UnseenEnd({ bar: { x0, x1, label }, height, width }: { bar: Bar; height: number; width: number }) {
  const isRight = x0 > width / 2;
  return (
    <g class="unseen">
      <rect x={x0} y="22" width={Math.max(x1 - x0, 2)} height={height - 22} />
      <path d={`M${String(x0)} 22V${String(height)}M${String(x1)} 22V${String(height)}`} />
      <text x={isRight ? x0 - 4 : x1 + 4} y={LANES[1].y + 1} text-anchor={isRight ? 'end' : 'start'}>
        {label}
      </text>
    </g>
  );
}

function GapBar({ bar: { x0, x1, label, tone }, hatch }: { bar: Bar; hatch: string }) {
  return (
    <g class={`gap is-${tone}`}>
      <rect x={x0} y="94" width={Math.max(x1 - x0, 8)} height="22" fill={`url(#${hatch})`} />
      <title>{label}</title>
    </g>
  );
}

const CHAR_PX = 6.2;

function Band({ bars }: { bars: readonly Bar[] }) {
  return (
    <>
      {bars.map(({ id, x0, x1, label, tone }) => (
        <g key={id} class={`band is-${tone}`}>
          <rect x={x0} y="134" width={Math.max(x1 - x0 - 1, 2)} height="24" rx="3" />
          <text x={x0 + 6} y="150">
            {[label, inWords(tone)].find((words) => words.length * CHAR_PX + 10 < x1 - x0)}
          </text>
          <title>{label}</title>
        </g>
      ))}
    </>
  );
}

function Rows({ picture: { rows } }: { picture: Picture }) {
  const top = LANES[3].y + 42;
  return (
    <>
      {rows.map(({ name, bars }, index) => (
        <g key={name} transform={`translate(0 ${String(top + index * ROW_PX)})`}>
          <text x="2" y="9" class="lane-name">
            {name}
          </text>
          {bars.map(({ id, x0, x1, label, tone }) => (
            <g key={id} class={`bar is-${tone}`}>
              <rect
                x={x0}
                y={tone === 'video' ? 19 : 13}
                width={Math.max(x1 - x0 - 1, 2)}
                height={heightOf(tone)}
                rx="2"
              />
              <title>{label}</title>
            </g>
          ))}
        </g>
      ))}
    </>
  );
}

/** Audio above video, each half as high. */
function heightOf(tone: string): number {
  return tone === 'audio' || tone === 'video' ? 5 : 11;
}
