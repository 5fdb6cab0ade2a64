import type { Entry, Heap } from './heap.js';
import type { Known, VirtualLedger } from './virtual-ledger.js';

export const QUERIES_PER_SECOND = 8;

/** Who is asked next. `changed` is called whenever anything new is known of a session. */
export type Policy = {
  changed: (known: Known, at: number) => void;
  pick: (at: number) => Known | null;
  /** How many there are to ask about, where those count as well whose end is to be looked at yet. */
  scheduled?: () => number;
};

export type PolicyMaker = {
  name: string;
  hearsNotices: boolean;
  make: (ledger: VirtualLedger, seed: number) => Policy;
};

export type Planned = { known: Known; plan: number };

/** The front of a heap up to a moment: entries that do not hold any more are thrown away. */
export function front<T>(heap: Heap<T>, at: number, holds: (value: T) => boolean): Entry<T> | undefined {
  for (let first = heap.peek(); first !== undefined && first.key <= at; first = heap.peek()) {
    if (holds(first.value)) return first;
    heap.pop();
  }
  return undefined;
}

/** Whether a plan is the newest there is. */
export function isNewest({ known, plan }: Planned): boolean {
  return plan === known.plan;
}

/** Whether it is, for a session that is not over. */
export function isLive(planned: Planned): boolean {
  return planned.known.ending === null && isNewest(planned);
}
