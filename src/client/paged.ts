/** What a list holds, one by one, fetched a page at a time as it is read; or the pages as they came. */
export type Paged<Item, Page> = AsyncIterable<Item> & { pages: () => AsyncIterable<Page> };

type AnyPage = { next: string | null };

/** `cursor`: where to begin; undefined at the beginning. */
export function paged<Item, Page extends AnyPage>(
  cursor: string | undefined,
  read: (cursor: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): Paged<Item, Page> {
  async function* pages(): AsyncGenerator<Page> {
    for (let at = cursor; ;) {
      const page = await read(at);
      yield page;
      if (page.next === null) return;
      at = page.next;
    }
  }
  async function* items(): AsyncGenerator<Item> {
    for await (const page of pages()) yield* itemsOf(page);
  }
  return { pages, [Symbol.asyncIterator]: items };
}
