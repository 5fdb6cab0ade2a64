/** The end of one try: `signal` breaks it off when it is late, or when everything is broken off. */
export type Deadline = { signal: AbortSignal; isLate: () => boolean; done: () => void };

/**
 * Makes a deadline for each try. `AbortSignal.timeout` and `AbortSignal.any` do the same in twice the time, for what
 * they keep to find out when nobody listens any more.
 */
export function createDeadlines(withinMs: number, aborted: AbortSignal): () => Deadline {
  const running = new Set<AbortController>();
  aborted.addEventListener('abort', () => {
    for (const one of running) one.abort();
  });
  return () => {
    const controller = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, withinMs);
    if (aborted.aborted) controller.abort();
    else running.add(controller);
    return {
      signal: controller.signal,
      isLate: () => isLate,
      done: () => {
        clearTimeout(timer);
        running.delete(controller);
      },
    };
  };
}
