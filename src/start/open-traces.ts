import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { createTraces, type SpanIds, type Traces, type WithIds } from '../observability/traces.js';
import { within } from '../timing/within.js';

export type OpenedTraces = { traces: Traces; close: () => Promise<void> };

/** A collector that is away must not hold up the end of a process, by trying again for instance. */
const CLOSE_WITHIN_MS = 2_000;
const SEND_WITHIN_MS = 1_500;
const EXPORT_EVERY_MS = 1_000;
/** More than that wait for the collector only while it does not keep up; then spans are dropped. */
const MOST_WAITING = 8_192;

/**
 * Where traces are asked for, loads what sends them; otherwise nothing of it is loaded. An install may lack these
 * packages: then the service says so, and runs without traces.
 */
export async function openTraces({ traces }: Config, log: Logger): Promise<OpenedTraces | null> {
  if (traces === null) return null;
  try {
    return await load(traces);
  } catch (error) {
    const advice = 'install the optional packages (npm ci), or unset OTEL_EXPORTER_OTLP_ENDPOINT';
    log.error({ err: error, advice }, 'traces.not_loaded');
    return null;
  }
}

async function load({ endpoint, share }: NonNullable<Config['traces']>): Promise<OpenedTraces> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const random = new sdk.RandomIdGenerator();
  const { idGenerator, withIds } = chosenIds(random);
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_WITHIN_MS });
  const provider = new sdk.NodeTracerProvider({
    idGenerator,
    resource: resourceFromAttributes({ 'service.name': 'recording-ledger' }),
    sampler: new sdk.TraceIdRatioBasedSampler(share),
    spanProcessors: [
      new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: EXPORT_EVERY_MS, maxQueueSize: MOST_WAITING }),
    ],
  });
  return {
    traces: createTraces(provider.getTracer('recording-ledger'), withIds),
    close: async () => {
      await within(CLOSE_WITHIN_MS, Promise.allSettled([provider.shutdown()]));
    },
  };
}

type IdGenerator = { generateTraceId: () => string; generateSpanId: () => string };

/** Ids of our choice for the span that is begun within `withIds`, which is synchronous, and random ones otherwise. */
function chosenIds(random: IdGenerator): { idGenerator: IdGenerator; withIds: WithIds } {
  let chosen: SpanIds | null = null;
  return {
    idGenerator: {
      generateTraceId: () => chosen?.traceId ?? random.generateTraceId(),
      generateSpanId: () => chosen?.spanId ?? random.generateSpanId(),
    },
    withIds: (ids, begin) => {
      chosen = ids;
      try {
        return begin();
      } finally {
        chosen = null;
      }
    },
  };
}
