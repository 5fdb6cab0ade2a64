/**
 * How a query that a breaker let through ended. `failed`: it was asked, and what came speaks against the
 * host; `unreached`: it never got there; `not_asked`: it was not sent at all.
 */
export type QueryEnd = 'answered' | 'failed' | 'unreached' | 'not_asked';

export type Breaker = {
  /** Lets a query through, which says by the function it gets how it ended; or tells at once that none may go. */
  admit: (sid: string) => ((result: QueryEnd) => void) | 'open';
  /** How long it is until a query may go; 0 where one may go now. */
  closedForMs: () => number;
};

/** So many failures in a row, and the host is left alone: single ones are the weather. */
const FAILURES = 3;
/** For how long, by how often that has happened in a row; then one query tries it again. */
const COOL_DOWN_MS = [1_000, 3_000, 6_000, 15_000, 30_000];
/** While one query tries the host, it is told to the others to come again after so long. */
const WHILE_PROBING_MS = 1_000;

/**
 * *closed*: queries go through; so many failures in a row open it. *open*: none goes through until its
 * time is over. *probing*: one query is on its way to try the host, and no other follows it, or waits
 * for it. Its answer closes, its failure opens for longer, and if it was not sent another one may try.
 */
type State =
  | { kind: 'closed'; failedSids: ReadonlySet<string>; unreached: number }
  | { kind: 'open'; untilMs: number }
  | { kind: 'probing' };

const CLOSED: State = { kind: 'closed', failedSids: new Set(), unreached: 0 };

/**
 * The breaker of one host. Failed answers count once for each session: one session that always gets a
 * 504 says nothing about the others. Not being reached at all always counts.
 * Ours: docs/agora.md#hosts
 */
export function createBreaker(monotonicMs: () => number): Breaker {
  let state: State = CLOSED;
  let opened = 0; // times in a row
  let era = 0; // what left before the state last changed tells nothing about it
  const become = (next: State): void => {
    state = next;
    era += 1;
  };
  const open = (): void => {
    opened += 1;
    const coolDownMs = COOL_DOWN_MS[Math.min(opened, COOL_DOWN_MS.length) - 1] ?? 0;
    become({ kind: 'open', untilMs: monotonicMs() + coolDownMs });
  };
  const endProbe = (result: QueryEnd): void => {
    if (result === 'not_asked') become({ kind: 'open', untilMs: monotonicMs() });
    else if (result === 'answered') {
      opened = 0;
      become(CLOSED);
    } else open();
  };
  const hear = (sid: string, result: QueryEnd): void => {
    if (state.kind === 'probing') endProbe(result);
    else if (state.kind === 'closed') {
      state = counted(state, sid, result);
      if (state.failedSids.size + state.unreached >= FAILURES) open();
    }
  };
  return {
    admit: (sid) => {
      if (state.kind === 'probing') return 'open';
      if (state.kind === 'open' && state.untilMs > monotonicMs()) return 'open';
      if (state.kind === 'open') become({ kind: 'probing' });
      const admitted = era;
      return (result) => {
        if (admitted === era) hear(sid, result);
      };
    },
    closedForMs: () => {
      if (state.kind === 'probing') return WHILE_PROBING_MS;
      return state.kind === 'open' ? Math.max(state.untilMs - monotonicMs(), 0) : 0;
    },
  };
}

type Closed = Extract<State, { kind: 'closed' }>;

function counted(state: Closed, sid: string, result: QueryEnd): Closed {
  switch (result) {
    case 'not_asked':
      return state;
    case 'answered':
      return { kind: 'closed', failedSids: new Set(), unreached: 0 };
    case 'failed':
      return { ...state, failedSids: new Set([...state.failedSids, sid]) };
    case 'unreached':
      return { ...state, unreached: state.unreached + 1 };
  }
}
