import path from 'node:path';
import { freePort, startChild, type Child } from './child.js';
import type { BenchServer } from './bench-server.js';

/** What notifications are signed with in a benchmark. */
export const BENCH_SECRET = 'bench-secret';

const ONE_APP = {
  AGORA_APP_ID: 'bench',
  AGORA_CUSTOMER_ID: 'bench',
  AGORA_CUSTOMER_SECRET: 'bench',
  AGORA_NCS_SECRET: BENCH_SECRET,
};

export type BenchService = Child & {
  /** Where notifications are posted. */
  notifyUrl: string;
  apiUrl: string;
};

/** The whole service in a process of its own, for an Agora that is never reached. */
export async function startService(
  { folder, url }: BenchServer,
  others: Readonly<Record<string, string>> = {},
): Promise<BenchService> {
  const [receiver, api] = [await freePort(), await freePort()];
  const settings = {
    DATABASE_URL: url,
    SPOOL_DIR: path.join(folder, 'spool'),
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: String(receiver),
    API_PORT: String(api),
    ...('AGORA_CONFIG_FILE' in others ? {} : ONE_APP),
    AGORA_BASE_URLS: 'http://127.0.0.1:9',
    ...others,
  };
  const child = await startChild('../src/main.js', [], settings, /service\.started/);
  return {
    ...child,
    notifyUrl: `http://127.0.0.1:${String(receiver)}/ncs/bench`,
    apiUrl: `http://127.0.0.1:${String(api)}`,
  };
}
