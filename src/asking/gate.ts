/** The caller is through the gate; `leave` lets the next one in. */
export type Entry = { leave: () => void };

export type Gate = {
  /** Waits for its turn. `late` if the turn has not come within `patienceMs`, or the process is stopping. */
  enter: (patienceMs: number, stopping: AbortSignal) => Promise<Entry | 'late'>;
};

/**
 * Lets one caller in at a time, in the order of arrival. Of an account's queries in this process, one waits
 * for a slot in Postgres and the others wait here. Otherwise all of them would poll for a slot, and a random
 * one would get it.
 */
export function createGate(): Gate {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  const letNextIn = (): void => {
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else next();
  };
  return {
    enter: (patienceMs, stopping) =>
      new Promise((resolve) => {
        const goIn = (): void => {
          settle({ leave: once(letNextIn) });
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(goIn), 1);
          settle('late');
        };
        const settle = (result: Entry | 'late'): void => {
          clearTimeout(timer);
          stopping.removeEventListener('abort', giveUp);
          resolve(result);
        };
        const timer = setTimeout(giveUp, patienceMs);
        stopping.addEventListener('abort', giveUp, { once: true });
        waiting.push(goIn);
        if (stopping.aborted) giveUp();
        else if (!isTaken) {
          isTaken = true;
          letNextIn();
        }
      }),
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

/** One gate for each account, made when it is first asked for. */
export function createGates(): (account: string) => Gate {
  const gates = new Map<string, Gate>();
  return (account) => {
    const gate = gates.get(account) ?? createGate();
    gates.set(account, gate);
    return gate;
  };
}
