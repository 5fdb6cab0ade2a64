import { number } from '../state/format.js';

export type Column = { key: string; name: string; parts: readonly { tone: string; name: string; value: number }[] };

type ChartProps = { label: string; columns: readonly Column[]; most?: number | null; mostName?: string };

const [WIDE, HIGH] = [720, 160];

/** Stacked columns over time. The table beside it has the numbers; a line shows what is allowed. */
export function ColumnsChart({ label, columns, most = null, mostName = '' }: ChartProps) {
  const sums = columns.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  // A limit far above what is used would press everything to the ground.
  const highest = Math.max(1, ...sums);
  const isLimitSeen = most !== null && most <= highest * 4;
  const top = isLimitSeen ? Math.max(highest, most) * 1.05 : highest * 1.05;
  const wide = WIDE / Math.max(columns.length, 1);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${String(WIDE)} ${String(HIGH)}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {columns.map(({ key, name, parts }, index) => (
          <g key={key} transform={`translate(${(index * wide).toFixed(2)} 0)`}>
            <Stack parts={parts} wide={Math.min(wide - 1, 48)} top={top} />
            <title>{`${name}: ${parts.map((part) => `${number(part.value)} ${part.name}`).join(', ')}`}</title>
          </g>
        ))}
        {isLimitSeen && <path class="limit" d={`M0 ${yOf(most, top)}H${String(WIDE)}`} />}
      </svg>
      <figcaption>
        {columns[0]?.name} – {columns.at(-1)?.name}. Highest: {number(highest)}.
        {most !== null && ` ${mostName}: ${number(most)}.`}
      </figcaption>
    </figure>
  );
}

function yOf(value: number, top: number): string {
  return (HIGH - (value / top) * HIGH).toFixed(1);
}

function Stack({ parts, wide, top }: { parts: Column['parts']; wide: number; top: number }) {
  let sum = 0;
  return (
    <>
      {parts.map(({ tone, value }) => {
        sum += value;
        const height = ((value / top) * HIGH).toFixed(1);
        return (
          <rect key={tone} class={`column is-${tone}`} y={yOf(sum, top)} width={Math.max(wide, 1)} height={height} />
        );
      })}
    </>
  );
}
