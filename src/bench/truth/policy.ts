import type { BinaryHeap } from './binary-heap.js';
import type { Known, VirtualLedger } from './virtual-ledger.js';

export const QUERIES_PER_SECOND = 8;

/** Who is asked next. `changed` is called whenever anything new is known of a session. */
export type Policy = {
  changed: (known: Known, at: number) => void;
  pick: (at: number) => Known | null;
};

export type PolicyMaker = { name: string; hearsNotices: boolean; make: (ledger: VirtualLedger, seed: number) => Policy }; // prettier-ignore

export type Planned = { known: Known; plan: number };

/** The front of a heap that still holds: plans that newer knowledge has overtaken are thrown away. */
export function front(
  heap: BinaryHeap<Planned>,
  at: number,
): { key: number; value: Planned } | undefined {
  for (;;) {
    const first = heap.peek();
    if (first === undefined || first.key > at) return undefined;
    if (!first.value.known.over && first.value.plan === first.value.known.plan) return first;
    heap.pop();
  }
}
