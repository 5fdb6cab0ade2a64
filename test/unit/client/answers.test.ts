import { createClient, LedgerError, LedgerUnreachableError, type Retry } from '../../../src/client/index.js';

const CHANGE = { cursor: '8', sid: 's', version: 1, at: '2026-11-28T12:00:00.000Z', session: {} };
const PAGE = { changes: [CHANGE], next: '8', feed: 'f' };

type Given = Response | Error | 'never';

const json = (body: unknown): Response => Response.json(body);
const refusal = (status: number, headers: Record<string, string> = {}): Response =>
  Response.json({ type: 'about:blank', status, title: 'Refused', begin: '3' }, { status, headers });

/** A client whose requests are answered with these in turn, and what it asked for. */
function answeredWith(...answers: Given[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = (async (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, init });
    const answer = answers.shift() ?? 'never';
    if (answer instanceof Error) throw answer;
    if (answer !== 'never') return answer;
    return new Promise((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  }) as typeof globalThis.fetch;
  return { asked, client: createClient({ baseUrl: 'https://ledger.test/at/', key: 'k', fetch, timeoutMs: 50 }) };
}

const failure = (work: Promise<unknown>): Promise<unknown> => work.then(() => null).catch((error: unknown) => error);

describe('a call', () => {
  it('goes below the path of the base address, with the key, lists joined and parts of the path escaped', async () => {
    const { client, asked } = answeredWith(json({ sessions: [], next: null }), json({}));
    for await (const _ of client.sessions.list({ state: ['ended', 'failed'], hasGaps: true })) throw new Error();
    await client.sessions.get('a/b?', { asOf: new Date(0) });
    expect(asked.map(({ url }) => url)).toEqual([
      'https://ledger.test/at/v1/sessions?state=ended%2Cfailed&hasGaps=true',
      'https://ledger.test/at/v1/sessions/a%2Fb%3F?asOf=1970-01-01T00%3A00%3A00.000Z',
    ]);
    expect(asked[0]?.init.headers).toMatchObject({ authorization: 'Bearer k' });
  });

  it('is not sent where a sid would change which address is meant', () => {
    const { client, asked } = answeredWith();
    for (const sid of ['', '.', '..']) expect(() => client.sessions.get(sid)).toThrow(RangeError);
    expect(asked).toEqual([]);
  });

  it('fails with the status where a proxy answered something else, and with what the ledger says where it did', async () => {
    const { client } = answeredWith(new Response('<html>', { status: 502 }), refusal(429, { 'retry-after': '3' }));
    expect(await failure(client.summary())).toMatchObject({ name: 'LedgerError', status: 502, retryAfterMs: null });
    expect(await failure(client.summary())).toMatchObject({ message: 'Refused', status: 429, retryAfterMs: 3_000 });
  });

  it('fails as unreachable where no connection or no answer comes in time, and as aborted where it was', async () => {
    const { client } = answeredWith(new TypeError('fetch failed'), 'never', 'never');
    expect(await failure(client.summary())).toMatchObject({ cause: { message: 'fetch failed' } });
    expect(await failure(client.summary())).toBeInstanceOf(LedgerUnreachableError);
    const signal = AbortSignal.timeout(5);
    expect(await failure(client.summary({ signal }))).toBe(signal.reason);
  });
});

describe('following the changes', () => {
  it('tries again after 5xx, broken connections and silence, waits as long as it is asked to, and goes on', async () => {
    const { client, asked } = answeredWith(
      new TypeError('fetch failed'),
      refusal(503, { 'retry-after': '1' }),
      json(PAGE),
    );
    const retries: Retry[] = [];
    const changes = client.followChanges({ after: '7', feed: 'f', waitS: 5, onRetry: (retry) => retries.push(retry) });
    expect((await changes.next()).value).toEqual({ ...CHANGE, feed: 'f' });
    const url = 'https://ledger.test/at/v1/changes?after=7&feed=f&wait=5';
    expect(asked.map((one) => one.url)).toEqual([url, url, url]);
    expect(retries.map(({ failures, error }) => [failures, error.name])).toEqual([
      [1, 'LedgerUnreachableError'],
      [2, 'LedgerError'],
    ]);
    expect(retries[1]?.delayMs).toBeGreaterThanOrEqual(1_000);
    await changes.return(undefined);
  });

  it.each([400, 401, 403, 404, 410, 429])('does not try again after %s', async (status) => {
    const { client, asked } = answeredWith(refusal(status, { 'retry-after': '0' }));
    const error = await failure(client.followChanges({ after: '7' }).next());
    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({ status, problem: { begin: '3' } });
    expect(asked).toHaveLength(1);
  });

  it('ends without an error when it is aborted: while it waits for an answer, before a new try, and between changes', async () => {
    for (const answers of [[], [new TypeError('fetch failed')], [json(PAGE)]] as Given[][]) {
      const { client } = answeredWith(...answers);
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), 20);
      const seen: string[] = [];
      for await (const { cursor } of client.followChanges({ signal: controller.signal })) seen.push(cursor);
      expect(seen).toEqual(answers[0] instanceof Response ? ['8'] : []);
      clearTimeout(timer);
    }
  });
});
