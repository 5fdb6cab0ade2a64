import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Pool } from 'undici';
import { startApp, type App } from '../../src/app.js';
import { parseConfig } from '../../src/config/parse-config.js';
import { createLogger } from '../../src/observability/create-logger.js';
import { expectDocumented } from './documented.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { startStubAgora, type StubAgora } from './stub-agora.js';

export const APP = 'app-1';
export const NCS_SECRET = 'ncs-secret';

export type Answer = { status: number; headers: Record<string, unknown>; text: string };

export type TestService = {
  app: App;
  database: TestDatabase;
  agora: StubAgora;
  /** To the public listener. */
  receiver: (path: string, body: Buffer | string, headers?: Record<string, string>) => Promise<Answer>;
  /** A signed notification to the app's own address. */
  notify: (body: unknown, path?: string) => Promise<Answer>;
  /** To the internal listener; the answer's body parsed, and held to the document of the API. */
  api: (method: string, path: string, body?: unknown, key?: string) => Promise<ApiAnswer>;
  close: () => Promise<void>;
};

export type ApiAnswer = { status: number; headers: Record<string, unknown>; body: any };

/** The whole service in this process, on a database of its own, with a stub in Agora's place. */
export async function startTestService(
  env: Record<string, string> = {},
  log: Logger = createLogger('silent'),
): Promise<TestService> {
  const [database, agora] = await Promise.all([createTestDatabase(), startStubAgora()]);
  const parsed = parseConfig({
    DATABASE_URL: database.url,
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: '0',
    API_PORT: '0',
    OPS_PORT: '0',
    AGORA_APP_ID: APP,
    AGORA_CUSTOMER_ID: 'customer',
    AGORA_CUSTOMER_SECRET: 'secret',
    AGORA_NCS_SECRET: NCS_SECRET,
    AGORA_BASE_URLS: agora.url,
    LOG_LEVEL: 'silent',
    SPOOL_DIR: join(process.env['LEDGER_TEST_FOLDER'] ?? tmpdir(), 'spool'),
    ...env,
  });
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  const app = await startApp(parsed.config, log);
  const receiver = poolTo(app.receiverPort);
  const api = poolTo(app.apiPort);
  const send: TestService['receiver'] = async (path, body, headers = {}) => {
    const response = await receiver.request({ method: 'POST', path, body, headers });
    const { statusCode: status } = response;
    return { status, headers: response.headers, text: await response.body.text() };
  };
  return {
    app,
    database,
    agora,
    receiver: send,
    notify: (body, path = `/ncs/${APP}`) => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      return send(path, bytes, signed(bytes));
    },
    api: async (method, path, body, key) => {
      const response = await api.request({
        method: method,
        path,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.body.text();
      const mediaType = response.headers['content-type']?.toString();
      expectDocumented(method, path, { status: response.statusCode, mediaType, text });
      return { status: response.statusCode, headers: response.headers, body: jsonOr(text) };
    },
    close: async () => {
      await Promise.all([receiver.destroy(), api.destroy()]);
      await app.stop();
      await agora.close();
      await database.drop();
    },
  };
}

function poolTo(port: number | null): Pool {
  return new Pool(`http://127.0.0.1:${String(port ?? 1)}`, { connections: 32 });
}

export function signed(bytes: Buffer, secret = NCS_SECRET): Record<string, string> {
  const by = (algorithm: string): string => createHmac(algorithm, secret).update(bytes).digest('hex');
  return {
    'content-type': 'application/json',
    'agora-signature': by('sha1'),
    'agora-signature-v2': by('sha256'),
  };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
