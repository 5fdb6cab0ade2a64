import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';

/** A span as it was sent. */
export type SentSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string | undefined;
  name: string;
  fromMs: number;
  toMs: number;
  sid: string | undefined;
};

export type Collector = { url: string; spans: SentSpan[]; close: () => Promise<void> };

const nanoseconds = z.union([z.string(), z.number()]).transform((value) => Number(BigInt(value) / 1000n) / 1000);
const attribute = z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) });
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: z.array(attribute),
});
/** @see https://opentelemetry.io/docs/specs/otlp/ (read 2026-12) */
const request = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })),
});

/** A collector that takes what the real exporter sends, and keeps it. */
export async function startCollector(): Promise<Collector> {
  const spans: SentSpan[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { resourceSpans } = request.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const sent = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      spans.push(...sent.map(toSent));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    spans,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function toSent({ startTimeUnixNano, endTimeUnixNano, attributes, ...rest }: z.output<typeof span>): SentSpan {
  const sid = attributes.find(({ key }) => key === 'recording.sid')?.value.stringValue;
  return { ...rest, fromMs: startTimeUnixNano, toMs: endTimeUnixNano, sid };
}
