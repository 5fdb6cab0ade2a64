import { createBreaker, type Breaker, type QueryEnd } from '../../../src/agora/host-breaker.js';
import { createHostRotation } from '../../../src/agora/host-rotation.js';

let nowMs: number;
let breaker: Breaker;
beforeEach(() => {
  nowMs = 0;
  breaker = createBreaker(() => nowMs);
});

/** Lets a query through and ends it so; `open` where none goes through. */
function ask(sid: string, end: QueryEnd): 'went' | 'open' {
  const done = breaker.admit(sid);
  if (done === 'open') return 'open';
  done(end);
  return 'went';
}

const isOpen = (): boolean => {
  const done = breaker.admit('somebody');
  if (done === 'open') return true;
  done('not_asked');
  return false;
};

describe('the breaker of a host', () => {
  it.each<[string, [string, QueryEnd][], boolean]>([
    [
      'opens after three sessions in a row failed',
      [
        ['a', 'failed'],
        ['b', 'failed'],
        ['c', 'failed'],
      ],
      true,
    ],
    [
      'forgives two',
      [
        ['a', 'failed'],
        ['b', 'failed'],
      ],
      false,
    ],
    [
      'forgets them with an answer',
      [
        ['a', 'failed'],
        ['b', 'failed'],
        ['a', 'answered'],
        ['c', 'failed'],
      ],
      false,
    ],
    [
      'is not moved by one session that always fails',
      [
        ['a', 'failed'],
        ['a', 'failed'],
        ['a', 'failed'],
        ['a', 'failed'],
      ],
      false,
    ],
    [
      'opens after three that did not get there, be it one session',
      [
        ['a', 'unreached'],
        ['a', 'unreached'],
        ['a', 'unreached'],
      ],
      true,
    ],
    [
      'counts both kinds together',
      [
        ['a', 'failed'],
        ['a', 'unreached'],
        ['b', 'failed'],
      ],
      true,
    ],
    [
      'learns nothing from what was not asked',
      [
        ['a', 'failed'],
        ['b', 'failed'],
        ['c', 'not_asked'],
        ['d', 'not_asked'],
      ],
      false,
    ],
  ])('%s', (_name, ends, opens) => {
    for (const [sid, end] of ends) ask(sid, end);
    expect(isOpen()).toBe(opens);
  });

  const open = (): void => {
    for (let n = 0; n < 3; n += 1) ask('a', 'unreached');
  };

  it('refuses all queries but one at once while that one probes the host', () => {
    open();
    nowMs += 1_000;
    const probe = breaker.admit('first');
    expect(probe).not.toBe('open');
    expect([breaker.admit('second'), breaker.admit('third')]).toEqual(['open', 'open']);
    expect(breaker.closedForMs()).toBe(1_000);
    if (probe !== 'open') probe('answered');
    expect(isOpen()).toBe(false);
    expect(breaker.closedForMs()).toBe(0);
  });

  it('lets another one try where the first was not asked', () => {
    open();
    nowMs += 1_000;
    expect(ask('first', 'not_asked')).toBe('went');
    expect(ask('second', 'answered')).toBe('went');
    expect(isOpen()).toBe(false);
  });

  it('stays open for longer, the more often it failed in a row, and for the first time again after an answer', () => {
    open();
    for (const [waitMs, end] of [
      [1_000, 'failed'],
      [3_000, 'unreached'],
      [6_000, 'failed'],
      [15_000, 'failed'],
      [30_000, 'failed'],
      [30_000, 'answered'],
    ] as const) {
      expect(breaker.closedForMs()).toBe(waitMs);
      nowMs += waitMs - 1;
      expect(isOpen()).toBe(true);
      nowMs += 1;
      expect(ask('a', end)).toBe('went');
    }
    open();
    expect(breaker.closedForMs()).toBe(1_000);
  });

  it('ignores results of queries that were sent before it opened', () => {
    const slow = breaker.admit('slow');
    open();
    if (slow !== 'open') slow('answered');
    expect(isOpen()).toBe(true);
    nowMs += 1_000;
    const probe = breaker.admit('probe');
    if (slow !== 'open') slow('failed');
    if (probe !== 'open') probe('answered');
    expect(isOpen()).toBe(false);
  });
});

describe('several hosts', () => {
  it('are asked in order, a session that failed at one at the next', () => {
    const hosts = createHostRotation(['first', 'second'], () => nowMs);
    const asked = (sid: string, end: QueryEnd): string => {
      const permit = hosts.admit(sid);
      if (permit === 'unreachable') return permit;
      permit.done(end);
      return permit.baseUrl;
    };
    expect([asked('bad', 'failed'), asked('bad', 'failed'), asked('bad', 'failed')]).toEqual([
      'first',
      'second',
      'first',
    ]);
    expect(asked('good', 'answered')).toBe('first');
    expect([asked('bad', 'answered'), asked('bad', 'answered')]).toEqual(['second', 'first']);
  });
});
