import { parseConfig } from './config/parse-config.js';
import { environment } from './config/environment.js';
import { createLogger } from './observability/create-logger.js';
import { runUntilSignal } from './run-until-signal.js';
import { announce, serve } from './serve.js';
import type { StandIn } from './start/stand-in.js';
import { startPatiently } from './start/start-patiently.js';

/** The process: reads its configuration, serves until a signal, and says in a line what is wrong. */
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
    const start = (standing: StandIn | null) => serve(parsed.config, log, standing ?? undefined);
    const { service, standIn } = await startPatiently(parsed.config, log, stopping, start);
    const leave = async (): Promise<void> => standIn?.close();
    if (service === null) return leave;
    log.info({ receiver: service.receiverPort, api: service.apiPort }, 'service.started');
    return async () => {
      log.info('service.stopping');
      await service.stop();
      await leave();
      log.info('service.stopped');
    };
  });
}
