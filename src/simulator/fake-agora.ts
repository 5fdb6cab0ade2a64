import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { queryAnswerAt, type HttpAnswer } from './query-answer.js';
import { createRandom } from './random.js';
import { createRequestLog, type RequestLog } from './request-log.js';
import type { SimulatedSession } from './simulated-session.js';

export type FakeAccount = { customerId: string; customerSecret: string; appIds: readonly string[] };

/** What goes wrong beside the recordings themselves; shares of all queries. */
export type Faults = {
  incomplete: number;
  serverError: number;
  html: number;
  reset: number;
  /**
   * What becomes of answers: `held` are given all at once when this changes; `never`, as by a host that
   * takes connections and requests and does nothing with them.
   */
  answers: 'given' | 'held' | 'never';
  /** Apps that are answered 401, whatever the credentials. */
  refusedApps: readonly string[];
  /** Every answer takes this long. */
  latencyMs: number;
  /** Answers 429 whatever the rate is. */
  throttleAll: boolean;
  retryAfterSeconds: number | null;
};

export const NO_FAULTS: Faults = {
  incomplete: 0,
  serverError: 0,
  html: 0,
  reset: 0,
  answers: 'given',
  refusedApps: [],
  latencyMs: 20,
  throttleAll: false,
  retryAfterSeconds: null,
};

export type FakeAgoraOptions = {
  accounts: readonly FakeAccount[];
  /** Calls a second that an account is allowed, in any sliding second. */
  limitPerSecond: number;
  seed: number;
  speed: number;
  now: () => number;
  findSession: (sid: string) => SimulatedSession | undefined;
};

export type FakeAgora = {
  url: string;
  log: RequestLog;
  setFaults: (faults: Partial<Faults>) => void;
  close: () => Promise<void>;
};

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes */
const QUERY = /^\/v1\/apps\/([^/]+)\/cloud_recording\/resourceid\/([^/]+)\/sid\/([^/]+)\/mode\/([^/]+)\/query$/;

/** A fake Agora: `query` over HTTP, with credentials, a sliding limit, and faults by seeded chance. */
export async function startFakeAgora(options: FakeAgoraOptions, port = 0): Promise<FakeAgora> {
  const log = createRequestLog(options.limitPerSecond);
  const random = createRandom(options.seed, 'faults');
  let faults = NO_FAULTS;
  let held: (() => void)[] = [];
  const server = createServer((request, response) => {
    const answer = answerTo(request, options, log, faults, random.next());
    const give = (): void => {
      if (answer === 'reset') request.socket.destroy();
      else send(response, answer, faults);
    };
    if (faults.answers === 'held') held.push(give);
    if (faults.answers === 'given') setTimeout(give, faults.latencyMs);
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    log,
    setFaults: (changed) => {
      faults = { ...faults, ...changed };
      if (faults.answers === 'held') return;
      for (const give of held) give();
      held = [];
    },
    close: () => close(server),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

type Answer = HttpAnswer | { status: number; html: string };

function answerTo(
  request: IncomingMessage,
  options: FakeAgoraOptions,
  log: RequestLog,
  faults: Faults,
  drawn: number,
): Answer | 'reset' {
  const account = accountOf(request, options.accounts);
  const atMs = options.now();
  const within = log.arrived(account?.customerId ?? 'unknown', atMs);
  const fault = faultOf(faults, drawn);
  const answer =
    !within || faults.throttleAll
      ? TOO_MANY
      : account === null
        ? WRONG_CREDENTIALS
        : (fault ?? tell(request, options, account, atMs, faults));
  log.answered(answer === 'reset' ? 'reset' : String(answer.status));
  return answer;
}

const TOO_MANY: HttpAnswer = { status: 429, body: { message: 'API rate limit exceeded' } };
const WRONG_CREDENTIALS: HttpAnswer = { status: 401, body: { message: 'Invalid authentication credentials' } };
const NO_ROUTE: HttpAnswer = { status: 404, body: { message: 'no Route matched with those values' } };
const NO_WORKER: HttpAnswer = { status: 404, body: { code: 404, reason: 'failed to find worker' } };

function accountOf({ headers }: IncomingMessage, accounts: readonly FakeAccount[]): FakeAccount | null {
  const sent = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const credentials = Buffer.from(sent, 'base64').toString();
  return accounts.find((known) => `${known.customerId}:${known.customerSecret}` === credentials) ?? null;
}

/** One draw decides, so that the seed decides. */
function faultOf(faults: Faults, drawn: number): Answer | 'reset' | null {
  let below = faults.incomplete;
  if (drawn < below) return { status: 206, body: { code: 65, reason: 'request not completed' } };
  below += faults.serverError;
  if (drawn < below) return { status: 504, body: { code: 62, reason: 'request timeout' } };
  below += faults.html;
  if (drawn < below) return { status: 502, html: '<html><body>502 Bad Gateway</body></html>' };
  return drawn < below + faults.reset ? 'reset' : null;
}

function tell(
  { method, url }: IncomingMessage,
  options: FakeAgoraOptions,
  account: FakeAccount,
  atMs: number,
  { refusedApps }: Faults,
): HttpAnswer {
  const asked = method === 'GET' ? QUERY.exec(url ?? '') : null;
  if (asked === null) return NO_ROUTE;
  const [appId = '', resourceId, sid = '', mode] = asked.slice(1).map(decodeURIComponent);
  if (refusedApps.includes(appId)) return WRONG_CREDENTIALS;
  if (!account.appIds.includes(appId)) return { status: 400, body: { message: 'appid is invalid' } };
  const session = options.findSession(sid);
  const known = session?.appId === appId && session.resourceId === resourceId && session.mode === mode;
  return session !== undefined && known ? queryAnswerAt(session, atMs, options.speed) : NO_WORKER;
}

function send(response: ServerResponse, answer: Answer, { retryAfterSeconds }: Faults): void {
  const isHtml = 'html' in answer;
  response.statusCode = answer.status;
  response.setHeader('content-type', isHtml ? 'text/html' : 'application/json');
  if (answer.status === 429 && retryAfterSeconds !== null) {
    response.setHeader('retry-after', String(retryAfterSeconds));
  }
  response.end(isHtml ? answer.html : JSON.stringify(answer.body));
}
