import type { RequestListener } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { listen, PortTakenError, type Listener } from '../http/listen.js';
import { createOps } from '../http/ops/create-ops.js';
import type { Readiness } from '../http/api/api-context.js';
import { createMetrics, type Metrics } from '../observability/metrics.js';

/** What is seen of a process from its first moment to its last, whatever its roles and whatever is away. */
export type Ops = {
  metrics: Metrics;
  /** Null where it is switched off, or goes without the usual port. */
  port: number | null;
  /** From now on it is this that says whether the process is ready; until the first, that it starts. */
  tell: (readReadiness: () => Promise<Readiness>) => void;
  close: () => Promise<void>;
};

export async function openOps(config: Pick<Config, 'ops'>, log: Logger): Promise<Ops> {
  const metrics = createMetrics();
  let readReadiness = notReady('it is starting');
  const app = createOps({ metrics, readReadiness: () => readReadiness() }, log);
  const listener = config.ops === null ? null : await listenWhereFree(app, config.ops, log);
  return {
    metrics,
    port: listener?.port ?? null,
    tell: (next) => {
      readReadiness = next;
    },
    close: async () => listener?.close(),
  };
}

/** For a process that cannot serve for now. */
export function notReady(why: string): () => Promise<Readiness> {
  return () => Promise.resolve({ obstacles: [why], warnings: [], spool: null });
}

/**
 * A port that somebody chose has to be had. The usual one is taken wherever several processes of a machine run
 * as they come: the second one's work matters more than that it is seen.
 */
async function listenWhereFree(
  app: RequestListener,
  { host, port, isChosen }: NonNullable<Config['ops']>,
  log: Logger,
): Promise<Listener | null> {
  try {
    return await listen(app, host, port, 'OPS_PORT');
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    const advice = `${error.message}, or to 0 to do without /healthz, /readyz and /metrics there`;
    if (isChosen) throw new Error(advice, { cause: error });
    log.warn({ advice }, 'ops.not_listening');
    return null;
  }
}
