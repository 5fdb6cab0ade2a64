import autocannon from 'autocannon';
import { createHmac, randomBytes } from 'node:crypto';

export type LoadResult = {
  perSecond: number;
  /** The noticeIds that were answered 200. */
  acknowledged: readonly string[];
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  failures: number;
};

export type LoadOptions = { url: string; secret: string; seconds: number; connections: number };

/** Signed notifications of many sessions, each another one, as fast as they are answered. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, secret, seconds, connections } = options;
  const run = randomBytes(8).toString('hex');
  let made = 0;
  const acknowledged: string[] = [];
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    method: 'POST',
    requests: [
      {
        setupRequest: (request, context: { noticeId?: string }) => {
          made += 1;
          const noticeId = `${run}${made.toString(16).padStart(16, '0')}`;
          context.noticeId = noticeId;
          const body = notification(run, noticeId, made);
          const signature = createHmac('sha256', secret).update(body).digest('hex');
          const headers = { 'content-type': 'application/json', 'agora-signature-v2': signature };
          return { ...request, body, headers };
        },
        onResponse: (status, _body, context: { noticeId?: string }) => {
          if (status === 200 && context.noticeId !== undefined) acknowledged.push(context.noticeId);
        },
      },
    ],
  });
  return {
    perSecond: result.requests.average,
    acknowledged,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    p999Ms: result.latency.p99_9,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}

/** Of a usual size, about 500 bytes; five thousand sessions take turns. */
function notification(run: string, noticeId: string, n: number): string {
  const now = Date.now();
  const sid = `${run}${String(n % 5_000).padStart(16, '0')}`;
  return JSON.stringify({
    noticeId,
    productId: 3,
    eventType: 33,
    notifyMs: now,
    sid,
    payload: {
      cname: `bench-${String(n % 5_000)}`,
      uid: '900001',
      sid,
      sequence: Math.floor(n / 5_000),
      sendts: now,
      serviceType: 2,
      details: { msgName: 'uploading_progress', progress: n % 10_000, note: 'x'.repeat(200) },
    },
  });
}
