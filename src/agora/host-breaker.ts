/**
 * How a query with a permit ended. `failed`: it was asked, and the result counts against the host;
 * `unreached`: it never got there; `not_asked`: it was not sent at all.
 */
export type QueryEnd = 'answered' | 'failed' | 'unreached' | 'not_asked';

export type Breaker = {
  /** Permits a query, which must report how it ended through the returned function; or refuses at once. */
  admit: (sid: string) => ((result: QueryEnd) => void) | 'open';
  /** How long until a query is permitted; 0 if one is now. */
  closedForMs: () => number;
};

/** How many failures in a row open the breaker; single failures are normal. */
const FAILURES = 3;
/** How long it stays open, by how often it opened in a row; then one query probes the host. */
const COOL_DOWN_MS = [1_000, 3_000, 6_000, 15_000, 30_000];
/** While one query probes the host, the others are told to try again after this time. */
const WHILE_PROBING_MS = 1_000;

/**
 * *closed*: queries are permitted; a number of failures in a row opens it. *open*: none is permitted until
 * its time is over. *probing*: one query probes the host; the others are refused at once and do not wait. Its
 * answer closes the breaker, its failure opens it for longer, and if it was not sent another one may probe.
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
  let era = 0; // results of queries sent before the last change of state are ignored
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
