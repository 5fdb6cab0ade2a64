import type { Logger } from 'pino';
import { startApp } from './app.js';
import { describeConfig, parseConfig, type Config } from './config/parse-config.js';
import { environment } from './config/environment.js';
import { createLogger } from './observability/create-logger.js';
import { runUntilSignal } from './run-until-signal.js';
import { openOps } from './start/ops.js';
import { startWhenPossible } from './start/start-when-possible.js';

/**
 * The service's process: reads the configuration, serves until SIGINT or SIGTERM, and prints one line for
 * each wrong setting.
 */
export async function runService(): Promise<void> {
  const parsed = parseConfig(environment());
  if (!parsed.ok) {
    for (const problem of parsed.problems) process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger(parsed.config.logLevel);
  announce(parsed.config, log);
  await runUntilSignal(async (stopping) => {
    const ops = await openOps(parsed.config, log);
    const { service, degraded } = await startWhenPossible(parsed.config, log, ops, stopping, (existing) =>
      startApp(parsed.config, log, { receiver: existing?.receiver ?? null, api: existing?.api ?? null, ops }),
    );
    const leave = async (): Promise<void> => {
      await degraded?.close();
      await ops.close();
    };
    if (service === null) return leave;
    const { receiverPort, apiPort, opsPort } = service;
    log.info({ receiverPort, apiPort, opsPort }, 'service.started');
    return async () => {
      log.info('service.stopping');
      await service.stop();
      await leave();
      log.info('service.stopped');
    };
  });
}

/** Logs the configuration once, however often the start has to be tried again. */
function announce(config: Config, log: Logger): void {
  log.info({ config: describeConfig(config) }, 'service.starting');
  if (config.accounts.length === 0) log.warn('agora.not_configured');
}
