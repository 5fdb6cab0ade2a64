import { startNode, type TestProcess } from './processes.js';

export const CRASH_SECRET = 'crash-secret';
export const CRASH_APP = 'crash';

export type ReceiverSettings = { databaseUrl: string; spoolDir: string; port: number };

/** A process of the service with these roles, the receiver at `port`, and an Agora that is not there. */
export async function startReceiverProcess(
  { databaseUrl, spoolDir, port }: ReceiverSettings,
  roles = 'receiver',
  more: Readonly<Record<string, string>> = {},
  ready = /service\.started/,
): Promise<TestProcess> {
  const service = startNode(['dist/main.js'], {
    env: {
      ROLES: roles,
      DATABASE_URL: databaseUrl,
      SPOOL_DIR: spoolDir,
      RECEIVER_HOST: '127.0.0.1',
      RECEIVER_PORT: String(port),
      API_PORT: '0',
      AGORA_APP_ID: CRASH_APP,
      AGORA_CUSTOMER_ID: 'crash',
      AGORA_CUSTOMER_SECRET: 'crash',
      AGORA_NCS_SECRET: CRASH_SECRET,
      AGORA_BASE_URLS: 'http://127.0.0.1:9',
      LOG_LEVEL: 'info',
      ...more,
    },
  });
  await service.says(ready);
  return service;
}
