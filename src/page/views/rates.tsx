import { useEffect, useRef } from 'preact/hooks';
import type { Summary } from '../../client/index.js';
import { Meter } from '../parts/meter.js';
import { Panel } from '../parts/panel.js';
import { amount, inWords, number } from '../state/format.js';

type Sample = { atMs: number; deliveries: number };

const KEPT = 100;

/** Notifications a second as they come, and how much of what Agora allows is asked. */
export function Rates({ summary }: { summary: Summary }) {
  const samples = useRef<Sample[]>([]);
  const { notices, queries } = summary;
  useEffect(() => {
    samples.current = [...samples.current, { atMs: Date.now(), deliveries: notices.deliveries }].slice(-KEPT);
  }, [summary]);
  const rates = ratesOf([...samples.current, { atMs: Date.now(), deliveries: notices.deliveries }]);
  const used = queries.lastMinute / 60;
  return (
    <Panel title="Rates">
      <p class="figure">
        <strong>{rates.length === 0 ? '–' : amount(rates.at(-1) ?? 0)}</strong> notifications a second
      </p>
      <Spark rates={rates} />
      <Meter
        label="Queries a second, of what is allowed"
        value={used}
        most={queries.limitPerSecond}
        says={`${amount(used)} of ${amount(queries.limitPerSecond)} a second`}
      />
      <p class="faint">
        In the last minute:{' '}
        {Object.entries(queries.outcomes)
          .map(([outcome, count]) => `${number(count)} ${inWords(outcome)}`)
          .join(', ') || 'none'}
        . <a href="/budget">By hour</a>
      </p>
    </Panel>
  );
}

function ratesOf(samples: readonly Sample[]): number[] {
  return samples.slice(1).flatMap(({ atMs, deliveries }, index) => {
    const before = samples[index];
    if (before === undefined || atMs - before.atMs < 500) return [];
    return [Math.max(0, deliveries - before.deliveries) / ((atMs - before.atMs) / 1000)];
  });
}

const [WIDE, HIGH] = [300, 40];

function Spark({ rates }: { rates: readonly number[] }) {
  const most = Math.max(1, ...rates);
  const points = rates.map((rate, index) => {
    const x = WIDE - (rates.length - 1 - index) * (WIDE / KEPT);
    return `${x.toFixed(1)},${(HIGH - 2 - (rate / most) * (HIGH - 6)).toFixed(1)}`;
  });
  return (
    <svg class="spark" viewBox={`0 0 ${String(WIDE)} ${String(HIGH)}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
