/** The smallest key first. `push` and `pop` cost the logarithm of the size. */
export type BinaryHeap<T> = {
  push: (key: number, value: T) => void;
  peek: () => { key: number; value: T } | undefined;
  pop: () => { key: number; value: T } | undefined;
};

export function createHeap<T>(): BinaryHeap<T> {
  const entries: { key: number; value: T }[] = [];
  const swap = (a: number, b: number): void => {
    const [one, other] = [entries[a], entries[b]];
    if (one === undefined || other === undefined) return;
    entries[a] = other;
    entries[b] = one;
  };
  const keyAt = (index: number): number => entries[index]?.key ?? Infinity;
  const rise = (from: number): void => {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (keyAt(parent) <= keyAt(index)) return;
      swap(parent, index);
      index = parent;
    }
  };
  const sink = (): void => {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = keyAt(left + 1) < keyAt(left) ? left + 1 : left;
      if (keyAt(smaller) >= keyAt(index)) return;
      swap(smaller, index);
      index = smaller;
    }
  };
  return {
    push: (key, value) => {
      entries.push({ key, value });
      rise(entries.length - 1);
    },
    peek: () => entries[0],
    pop: () => {
      const first = entries[0];
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) {
        entries[0] = last;
        sink();
      }
      return first;
    },
  };
}
