import { pino } from 'pino';
import { logSparingly } from '../../../src/observability/log-sparingly.js';

type Line = { msg: string; level: number; repeated: number; err: { message: string } };

function open(): { lines: Line[]; tell: (message: string, atMs: number) => void } {
  const lines: Line[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  let nowMs = 0;
  const warn = logSparingly(log, 'warn', 'queue.error', () => nowMs);
  const tell = (message: string, atMs: number): void => {
    nowMs = atMs;
    warn(new Error(message));
  };
  return { lines, tell };
}

describe('an error that comes again and again', () => {
  it('is logged at once, and then once a minute with how often it came', () => {
    const { lines, tell } = open();
    for (let second = 0; second <= 61; second += 1) tell('refused', second * 1_000);
    expect(lines.map(({ msg, level, repeated }) => [msg, level, repeated])).toEqual([
      ['queue.error', 40, 0],
      ['queue.error', 40, 59],
    ]);
  });

  it('does not hide another one', () => {
    const { lines, tell } = open();
    for (const message of ['refused', 'reset', 'refused', 'reset']) tell(message, 0);
    expect(lines.map(({ err }) => err.message)).toEqual(['refused', 'reset']);
  });

  it('is remembered among a bounded number of others', () => {
    const { lines, tell } = open();
    for (let n = 0; n < 250; n += 1) tell(`refused ${String(n)}`, 0);
    expect(lines).toHaveLength(250);
    tell('refused 249', 1);
    expect(lines).toHaveLength(250);
    tell('refused 0', 1);
    expect(lines).toHaveLength(251);
  });
});
