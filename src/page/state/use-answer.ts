import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { ledger } from './ledger.js';

/** What was read, as it stands: an older value stays while a newer one is read, and where that fails. */
export type Answer<T> = { value: T | null; error: Error | null; isLoading: boolean; reload: () => void };

/**
 * Reads when it is shown, when `parts` change, when `reload` is called, and with `everyMs` again and again while the
 * tab is looked at. With other `parts` the old value is dropped: it answers another question.
 */
export function useAnswer<T>(
  read: (signal: AbortSignal) => Promise<T>,
  parts: readonly unknown[],
  everyMs: number | null = null,
): Answer<T> {
  const [answer, setAnswer] = useState<Omit<Answer<T>, 'reload'>>({ value: null, error: null, isLoading: true });
  const [turn, reload] = useReducer<number, undefined>((n) => n + 1, 0);
  const question = JSON.stringify(parts);
  const asked = useRef(question);
  const client = ledger.value;

  useEffect(() => {
    const over = new AbortController();
    const isSame = asked.current === question;
    asked.current = question;
    setAnswer(({ value, error }) => ({ value: isSame ? value : null, error: isSame ? error : null, isLoading: true }));
    read(over.signal).then(
      (value) => {
        if (!over.signal.aborted) setAnswer({ value, error: null, isLoading: false });
      },
      (error: unknown) => {
        if (!over.signal.aborted) setAnswer(({ value }) => ({ value, error: asError(error), isLoading: false }));
      },
    );
    return () => over.abort();
  }, [question, turn, client]);

  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) reload(undefined);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  return { ...answer, reload: () => reload(undefined) };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
