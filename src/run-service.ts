import { parseConfig } from './config/parse-config.js';
import { environment } from './config/environment.js';
import { createLogger } from './observability/create-logger.js';
import { runUntilSignal } from './run-until-signal.js';
import { serve } from './serve.js';
import { standInForPostgres } from './start/stand-in.js';

/** The process: reads its configuration, serves until a signal, and says in a line what is wrong. */
export async function runService(): Promise<void> {
  const parsed = parseConfig(environment());
  if (!parsed.ok) {
    for (const problem of parsed.problems) process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger(parsed.config.logLevel);
  await runUntilSignal(async (stopping) => {
    const standIn = await standInForPostgres(parsed.config, log, stopping);
    const leave = async (): Promise<void> => standIn?.close();
    if (stopping.aborted) return leave;
    const service = await serve(parsed.config, log, standIn ?? undefined);
    log.info({ receiver: service.receiverPort, api: service.apiPort }, 'service.started');
    return async () => {
      log.info('service.stopping');
      await service.stop();
      await leave();
      log.info('service.stopped');
    };
  });
}
