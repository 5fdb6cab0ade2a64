import { jest } from '@jest/globals';
import { pino } from 'pino';
import { logSparingly } from '../../../src/observability/log-sparingly.js';

type Line = { msg: string; level: number; repeated: number; err: { message: string } };

function open(): { lines: Line[]; tell: (message: string) => void } {
  const lines: Line[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  const warn = logSparingly(log, 'warn', 'queue.error');
  return { lines, tell: (message) => warn(new Error(message)) };
}

describe('an error that comes again and again', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is logged at once, and then once a minute with how often it came', () => {
    const { lines, tell } = open();
    for (let second = 0; second <= 61; second += 1) {
      tell('refused');
      jest.advanceTimersByTime(1_000);
    }
    expect(lines.map(({ msg, level, repeated }) => [msg, level, repeated])).toEqual([
      ['queue.error', 40, 0],
      ['queue.error', 40, 59],
    ]);
  });

  it('is counted to its end: what came last is told when its minute is over, and then nothing more', () => {
    const { lines, tell } = open();
    for (let n = 0; n < 5; n += 1) tell('refused');
    jest.advanceTimersByTime(59_999);
    expect(lines.map(({ repeated }) => repeated)).toEqual([0]);
    jest.advanceTimersByTime(600_000);
    expect(lines.map(({ repeated }) => repeated)).toEqual([0, 4]);
    tell('refused');
    expect(lines.map(({ repeated }) => repeated)).toEqual([0, 4, 0]);
  });

  it('does not hide another one', () => {
    const { lines, tell } = open();
    for (const message of ['refused', 'reset', 'refused', 'reset']) tell(message);
    expect(lines.map(({ err }) => err.message)).toEqual(['refused', 'reset']);
  });

  it('is remembered among a bounded number of others, and its count is told when it is forgotten', () => {
    const { lines, tell } = open();
    for (let n = 0; n < 100; n += 1) tell(`refused ${String(n)}`);
    tell('refused 0');
    for (let n = 100; n < 250; n += 1) tell(`refused ${String(n)}`);
    expect(lines).toHaveLength(251);
    expect(lines.filter(({ repeated }) => repeated > 0).map(({ err }) => err.message)).toEqual(['refused 0']);
    tell('refused 249');
    expect(lines).toHaveLength(251);
    tell('refused 0');
    expect(lines).toHaveLength(252);
  });
});
