import type { Summary } from '../../client/index.js';
import { Meter } from '../parts/meter.js';
import { Panel } from '../parts/panel.js';
import { duration } from '../state/format.js';

const PARTS = [
  { name: 'Half of them', of: 'p50Ms' },
  { name: '95 of 100', of: 'p95Ms' },
  { name: '99 of 100', of: 'p99Ms' },
  { name: 'Every one', of: 'maxMs' },
] as const;

/** How long ago live sessions were last verified, as a distribution. */
export function Staleness({ summary: { staleness, truth } }: { summary: Summary }) {
  const most = Math.max(staleness.maxMs, truth.boundMs ?? 0, 1);
  return (
    <Panel title="Live sessions were last verified" aside={boundOf(truth.boundMs)}>
      {PARTS.map(({ name, of }) => (
        <Meter key={of} label={name} value={staleness[of]} most={most} says={`within ${duration(staleness[of])}`} />
      ))}
    </Panel>
  );
}

function boundOf(boundMs: number | null): string {
  return boundMs === null ? 'no bound just now' : `promised: ${duration(boundMs)}`;
}
