import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';

export type Posting = {
  /** The noticeIds that were answered 200, each once. */
  acknowledged: () => readonly string[];
  slowestMs: () => number;
  statuses: () => Readonly<Record<string, number>>;
  stop: () => Promise<void>;
};

const SESSIONS = 200;

/** Posts notifications one after another over several connections, each another one, until it is stopped. */
export function startPosting(url: string, secret: string, connections: number): Posting {
  const agent = new Agent({ connections, pipelining: 1, headersTimeout: 15_000 });
  const run = Date.now().toString(16);
  const acknowledged: string[] = [];
  const statuses: Record<string, number> = {};
  let [made, slowest, stopping] = [0, 0, false];
  const post = async (): Promise<void> => {
    made += 1;
    const noticeId = `${run}-${String(made)}`;
    const body = notification(noticeId, made);
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'agora-signature-v2': signature };
    const begin = Date.now();
    const status = await request(url, { method: 'POST', body, headers, dispatcher: agent })
      .then(async (response) => {
        await response.body.dump();
        return response.statusCode;
      })
      .catch(() => null);
    if (status === null) await new Promise((resolve) => setTimeout(resolve, 20));
    else slowest = Math.max(slowest, Date.now() - begin);
    statuses[String(status)] = (statuses[String(status)] ?? 0) + 1;
    if (status === 200) acknowledged.push(noticeId);
  };
  const poster = async (): Promise<void> => {
    while (!stopping) await post();
  };
  const posters = Array.from({ length: connections }, poster);
  return {
    acknowledged: () => acknowledged,
    slowestMs: () => slowest,
    statuses: () => statuses,
    stop: async () => {
      stopping = true;
      await Promise.all(posters);
      await agent.destroy();
    },
  };
}

function notification(noticeId: string, n: number): string {
  const now = Date.now();
  const sid = String(n % SESSIONS).padStart(32, 'c');
  const payload = {
    cname: 'c',
    uid: '1',
    sid,
    sequence: Math.floor(n / SESSIONS),
    sendts: now,
    serviceType: 2,
    details: { msgName: 'uploading_progress', progress: n % 10_000 },
  };
  return JSON.stringify({ noticeId, productId: 3, eventType: 33, notifyMs: now, sid, payload });
}
