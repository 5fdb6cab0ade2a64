import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { probePostgres } from '../db/connection/probe.js';
import { unixMs, type UnixMs } from '../evidence/instant.js';
import { createDegradedApi } from '../http/api/create-degraded-api.js';
import { listen, type Listener } from '../http/listen.js';
import type { HealthContext } from '../http/api/api-context.js';
import { openSpoolingIntake } from '../intake/open-intake.js';
import { recallLedger } from './known-ledgers.js';
import type { Ops } from './ops.js';
import { POSTGRES_SILENT, readinessWhileSpooling } from './readiness.js';
import { listenForNotices } from './start-receiver.js';

const LOOK_EVERY_MS = 500;

/** The listeners of a receiver that runs without Postgres; the full service takes them over. */
export type DegradedService = {
  receiver: Listener;
  api: Listener | null;
  /** Must be called after the takeover too: it closes the spool, which requests that are still open here may need. */
  close: () => Promise<void>;
};

/**
 * If Postgres is away when a receiver starts, this takes notifications into the spool until Postgres answers.
 * The listeners stay open until the full service takes them over, so no connection is refused in between.
 * Returns null where this is not needed or not possible: Postgres answers, this process has no role
 * `receiver`, or this machine has never reached that database and so does not know whose notifications it
 * would keep. In the last case the ordinary start fails and says why.
 */
export async function serveUntilPostgresAnswers(
  config: Config,
  log: Logger,
  ops: Ops,
  stopping: AbortSignal,
): Promise<DegradedService | null> {
  const url = config.databaseUrl;
  if (url === null || !config.roles.includes('receiver') || !(await isAway(url))) return null;
  const ledgerId = await recallLedger(config.spoolDir, url);
  if (ledgerId === null) return null;
  const degraded = await startDegradedService(config, ledgerId, log, ops, POSTGRES_SILENT);
  log.warn({ receiverPort: degraded.receiver.port }, 'receiver.degraded');
  while (!stopping.aborted && (await isAway(url))) await wait(LOOK_EVERY_MS);
  return degraded;
}

async function isAway(url: string): Promise<boolean> {
  return (await probePostgres(url)) === 'away';
}

/** Does the same where Postgres answers but refuses what a start needs for now. The caller keeps trying to start. */
export async function serveWhileStartIsRefused(
  config: Config,
  log: Logger,
  ops: Ops,
  obstacle: string,
): Promise<DegradedService | null> {
  if (config.databaseUrl === null || !config.roles.includes('receiver')) return null;
  const ledgerId = await recallLedger(config.spoolDir, config.databaseUrl);
  if (ledgerId === null) return null;
  return startDegradedService(config, ledgerId, log, ops, obstacle);
}

async function startDegradedService(
  config: Config,
  ledgerId: string,
  log: Logger,
  ops: Ops,
  obstacle: string,
): Promise<DegradedService> {
  const { metrics } = ops;
  const { spoolMaxBytes } = config;
  const spoolDir = path.join(config.spoolDir, ledgerId);
  const intake = openSpoolingIntake({ spoolDir, spoolMaxBytes }, log, metrics);
  const now = (): UnixMs => unixMs(Date.now());
  const nowhere = { onRejected: () => undefined, onArrived: () => undefined };
  const receiver = await listenForNotices(config, { intake, ...nowhere, now, log, metrics, traces: null }, null);
  const health: HealthContext = {
    metrics,
    readReadiness: () => Promise.resolve(readinessWhileSpooling(intake.spooled(), spoolMaxBytes, [obstacle])),
  };
  ops.tell(health.readReadiness);
  const api = config.roles.includes('api') ? await tellWhy(config, health, log) : null;
  const close = async (): Promise<void> => {
    await Promise.all([receiver.close(), api?.close()]);
    await intake.close();
  };
  return { receiver, api, close };
}

/** Serves readiness and metrics on the API's port until the API is there. */
function tellWhy({ api }: Config, health: HealthContext, log: Logger): Promise<Listener> {
  return listen(createDegradedApi(health, log), api.host, api.port, 'API_PORT');
}
