import { errorOf, LedgerUnreachableError } from './ledger-error.js';

export type Call = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** What is undefined is left out; of a list any value may fit. */
  query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Text is sent as it is, everything else as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** How much longer than usual the answer may take. */
  waitMs?: number;
};

export type QueryValue = string | number | boolean | readonly (string | number)[] | undefined;

/** Sends one request and gives the body of its answer, as the document of the API describes it; none is undefined. */
export type Send = <T>(call: Call) => Promise<T>;

export type Connection = {
  /** Where the internal API is served, with or without a path. */
  baseUrl: string;
  /** One of `API_KEYS`; left out where none is set. */
  key?: string | undefined;
  /** In place of the global one. */
  fetch?: typeof globalThis.fetch | undefined;
  /** How long one answer may take; 30 s by default. */
  timeoutMs?: number | undefined;
};

type Answer = { response: Response; text: string };

export function createSend({ baseUrl, key, fetch, timeoutMs = 30_000 }: Connection): Send {
  const root = baseUrl.replace(/\/+$/, '');
  // Browsers refuse a fetch that is called as a method of something else.
  const ask = fetch ?? ((input: string, init: RequestInit) => globalThis.fetch(input, init));
  return async <T>({ method = 'GET', path, query = {}, body, signal, waitMs = 0 }: Call): Promise<T> => {
    const init = { method, headers: headersOf(key, body), ...(body === undefined ? {} : { body: textOf(body) }) };
    const { response, text } = await within(timeoutMs + waitMs, signal, async (ended) => {
      const answered = await ask(`${root}${path}${queryText(query)}`, { ...init, signal: ended });
      return { response: answered, text: await answered.text() };
    });
    if (!response.ok) throw errorOf(response, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
}

/** One part of a path. Of dots alone, or empty, it would change which address is called. */
export function segment(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new RangeError(`"${text}" cannot be a part of an address`);
  return encodeURIComponent(text);
}

/** The signal that is handed in is aborted at the deadline, and with the caller's, which is left as it was. */
async function within(
  ms: number,
  signal: AbortSignal | undefined,
  work: (ended: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms} ms`)), ms);
  signal?.addEventListener('abort', abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw new LedgerUnreachableError('The ledger cannot be reached, or broke off its answer.', error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function headersOf(key: string | undefined, body: unknown): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function queryText(query: NonNullable<Call['query']>): string {
  const told = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return told.length === 0 ? '' : `?${told.join('&')}`;
}
