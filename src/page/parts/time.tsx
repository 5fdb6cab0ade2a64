import { clock, clockWithMs, dayAndClock, duration } from '../state/format.js';

type Told = { at: string | null; as?: 'clock' | 'ms' | 'day' };

const FORMATS = { clock, ms: clockWithMs, day: dayAndClock };

/** A moment in the time of the reader; pointed at, in full and in UTC. */
export function Time({ at, as = 'day' }: Told) {
  if (at === null) return <span class="faint">–</span>;
  return (
    <time dateTime={at} title={at}>
      {FORMATS[as](at)}
    </time>
  );
}

/** How long ago, with the moment behind it. */
export function Ago({ at, nowMs = Date.now() }: { at: string | null; nowMs?: number }) {
  if (at === null) return <span class="faint">never</span>;
  return (
    <time dateTime={at} title={dayAndClock(at)}>
      {duration(nowMs - Date.parse(at))} ago
    </time>
  );
}
