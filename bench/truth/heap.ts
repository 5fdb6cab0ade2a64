import TinyQueue from 'tinyqueue';

export type Entry<T> = { key: number; value: T };

/** The smallest key first. `push` and `pop` cost the logarithm of the size. */
export type Heap<T> = Pick<TinyQueue<Entry<T>>, 'push' | 'peek' | 'pop'>;

/** Keys may be infinite, of which a difference would tell no order. */
export function createHeap<T>(): Heap<T> {
  return new TinyQueue<Entry<T>>([], (a, b) => (a.key < b.key ? -1 : 1));
}
