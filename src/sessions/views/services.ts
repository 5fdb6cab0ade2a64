import { later, type UnixMs } from '../../evidence/instant.js';
import type { OutputFact, ServiceFact, StatusFact, VideoFact } from '../facts/services.js';
import type { ServiceOutput, SessionService } from '../verdict/session.js';

/** The parts of a session as they were last told; what nobody told of a part is left out. */
export function servicesOf(services: readonly ServiceFact[]): readonly SessionService[] {
  return services.map((service) => {
    const { name, told, state, onHold } = service;
    const outputs = outputsOf(service);
    const videos = videosOf(service);
    return {
      name,
      ...(state === null ? {} : { state: state.value }),
      ...(onHold === null ? {} : { onHold: onHold.value }),
      ...(outputs.length === 0 ? {} : { outputs }),
      ...(videos.length === 0 ? {} : { videos }),
      atMs: told.atMs,
      source: told.source,
    };
  });
}

/** An address may be exchanged for another while it goes on: then answers list that one alone. */
function outputsOf({ outputs, listedMs }: ServiceFact): readonly ServiceOutput[] {
  return outputs
    .map((output) => ({ url: output.url, now: statusNow(output) }))
    .flatMap(({ url, now }) =>
      now === null || now.lastMs < (listedMs ?? 0) ? [] : [{ url, status: now.status, sinceMs: now.sinceMs }],
    )
    .sort((a, b) => compare(a.url, b.url) || a.sinceMs - b.sinceMs || compare(a.status, b.status));
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

type StatusNow = { status: string; sinceMs: UnixMs; lastMs: UnixMs };

/** The status told last; of two at one moment the one that comes first in the alphabet. */
function statusNow({ statuses }: OutputFact): StatusNow | null {
  const last = statuses.reduce<StatusFact | null>(
    (latest, one) => (latest === null || one.lastMs > latest.lastMs ? one : latest),
    null,
  );
  if (last === null) return null;
  const others = statuses.filter((one) => one !== last);
  return { status: last.status, sinceMs: sinceMs(last, others), lastMs: last.lastMs };
}

/**
 * The first time that it was told since anything else was. Where what began to be told then is not kept any more,
 * or an answer had told the same before and after: when that other thing was told last.
 */
function sinceMs({ firstMs, beginsMs }: StatusFact, others: readonly StatusFact[]): UnixMs {
  const otherMs = others.reduce<UnixMs | null>((last, { lastMs }) => later(last, lastMs), null);
  if (otherMs === null || firstMs > otherMs) return firstMs;
  const [earliest] = beginsMs;
  const isWhole = earliest !== undefined && earliest <= otherMs;
  return (isWhole ? beginsMs.find((atMs) => atMs > otherMs) : undefined) ?? otherMs;
}

/** A notification tells the id alone of what a query names in full. */
function videosOf({ videos }: ServiceFact): readonly VideoFact[] {
  const named = new Set(videos.flatMap(({ fileName, videoId }) => (fileName === null ? [] : [videoId])));
  return videos.filter(({ fileName, videoId }) => fileName !== null || !named.has(videoId));
}
