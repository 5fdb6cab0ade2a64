import { ROOT_CONTEXT, trace, TraceFlags, type Context, type Span, type Tracer } from '@opentelemetry/api';

/** A notification as far as its trace needs to know it. */
export type TracedNotice = { eventKey: string; sid: string };

/** What happens to a notification, each in whichever process does it. */
export type Stage = 'received' | 'stored' | 'folded' | 'published' | 'delivered';

/** What happens to a query, all of it in one process. */
export type QueryStep = 'due' | 'slot' | 'asked' | 'folded';

/** Times are milliseconds since 1970. */
export type Traces = {
  /** A stage that is over. */
  stage: (notice: TracedNotice, stage: Stage, fromMs: number, toMs: number) => void;
  /** The whole way, from its receipt to its publication: the root of the trace, told once, by who folded it. */
  way: (notice: TracedNotice, fromMs: number, toMs: number) => void;
  query: (sid: string, fromMs: number) => QueryTrace;
};

export type QueryTrace = {
  traceId: string;
  step: (step: QueryStep, fromMs: number, toMs: number) => void;
  end: (result: string) => void;
};

/** The ids that a span gets which begins a trace. */
export type SpanIds = { traceId: string; spanId: string };

/** Runs `begin`, in which one span is begun, with these ids for it. */
export type WithIds = (ids: SpanIds, begin: () => Span) => Span;

/**
 * A notification's trace has its identity as id: 32 hex digits both. So every process knows it without being
 * told, after a day in the spool too, and a repeated delivery is part of the first one's trace.
 * Ours: docs/decisions/047-a-trace-is-named-by-the-event.md
 */
export function createTraces(tracer: Tracer, withIds: WithIds): Traces {
  return {
    stage: (notice, stage, fromMs, toMs) => {
      if (notice.sid === '') return; // about no recording, so that nothing is folded that would be its root
      const attributes = { 'recording.sid': notice.sid };
      tracer.startSpan(stage, { startTime: fromMs, attributes }, inside(idsOf(notice))).end(toMs);
    },
    way: (notice, fromMs, toMs) => {
      const attributes = { 'recording.sid': notice.sid };
      const begin = (): Span => tracer.startSpan('notification', { startTime: fromMs, attributes }, ROOT_CONTEXT);
      withIds(idsOf(notice), begin).end(toMs);
    },
    query: (sid, fromMs) => {
      const attributes = { 'recording.sid': sid };
      const span = tracer.startSpan('query', { startTime: fromMs, attributes }, ROOT_CONTEXT);
      const around = trace.setSpan(ROOT_CONTEXT, span);
      return {
        traceId: span.spanContext().traceId,
        step: (step, from, to) => tracer.startSpan(step, { startTime: from, attributes }, around).end(to),
        end: (result) => span.setAttribute('query.result', result).end(),
      };
    },
  };
}

function idsOf({ eventKey }: TracedNotice): SpanIds {
  return { traceId: eventKey, spanId: eventKey.slice(16) };
}

/** Whether it is kept is decided by the trace's id alone, so all processes decide the same. */
function inside(ids: SpanIds): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}
