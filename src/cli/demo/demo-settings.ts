import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig, type Config } from '../../config/parse-config.js';
import { SETTINGS } from '../../config/settings.js';

export const ACCOUNT = { customerId: 'demo-customer', customerSecret: 'demo-customer-secret' };
export const APP_ID = 'demo';
export const NCS_SECRET = 'demo-ncs-secret';
/** Queries a second that the simulated Agora allows. */
export const LIMIT = 10;

export type DemoWorld = { speed: number; agoraUrl: string; databaseUrl: string; folder: string; key: string };

/** The settings of a real service, lived as much faster as the world is, on ports that the system chooses. */
export function demoSettings({ speed, agoraUrl, databaseUrl, folder, key }: DemoWorld): Record<string, string> {
  const faster = (ms: number): string => String(Math.max(Math.round(ms / speed), 1));
  return {
    ROLES: 'receiver,api,jobs',
    DATABASE_URL: databaseUrl,
    DATA_DIR: folder,
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: '0',
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    OPS_PORT: '0',
    API_KEYS: `demo:write:${key}`,
    AGORA_APP_ID: APP_ID,
    AGORA_CUSTOMER_ID: ACCOUNT.customerId,
    AGORA_CUSTOMER_SECRET: ACCOUNT.customerSecret,
    AGORA_NCS_SECRET: NCS_SECRET,
    AGORA_BASE_URLS: agoraUrl,
    AGORA_QPS: String(LIMIT),
    START_CHECK_AFTER_MS: faster(5_000),
    START_DEADLINE_MS: faster(90_000),
    GONE_CONFIRM_MS: faster(90_000),
    GONE_MARGIN_MS: faster(30_000),
    ROUTINE_INTERVAL_MS: faster(120_000),
    RETRY_BACKOFF_MS: [5_000, 10_000, 15_000, 30_000].map(faster).join(','),
    LOG_LEVEL: 'error',
  };
}

/** Of these settings alone: whoever runs a demo may have those of a real service in the environment. */
export function demoConfig(settings: Record<string, string>): Config {
  const parsed = parseConfig(settings);
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.join('\n'));
}

/**
 * Writes the settings down for other commands: `env $(cat <file>) npm run ledger -- …`. Those that are
 * not set are there too, as empty, for `env` leaves alone what it is not told of.
 */
export async function writeSettings(folder: string, settings: Record<string, string>): Promise<string> {
  const unset = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '']));
  const file = path.join(folder, 'settings');
  const lines = Object.entries({ ...unset, ...settings }).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(''), { mode: 0o600 });
  return file;
}
