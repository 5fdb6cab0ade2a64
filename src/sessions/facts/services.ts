import { earlier, later, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { ExtensionService, Observation } from '../../evidence/observation.js';
import type { PushOutput } from '../../evidence/push-output.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { Bounds } from './bounds.js';

/** A part of the session, and the last that anybody told of it. */
export type ServiceFact = {
  name: string;
  told: { atMs: UnixMs; source: 'query' | 'notice' };
  state: Heard<string> | null;
  onHold: Heard<boolean> | null;
  /** The last answer that listed outputs: one that is not in it is none any more. */
  listedMs: UnixMs | null;
  /** Every one that was ever told of, by its id. */
  outputs: readonly OutputFact[];
  videos: readonly VideoFact[];
};

type Heard<T> = { atMs: UnixMs; value: T };

export type OutputFact = { id: string; url: string; statuses: readonly StatusFact[] };

/** When an output was told to be like this: first, last, and the latest moments at which that began to be said. */
export type StatusFact = { status: string; firstMs: UnixMs; lastMs: UnixMs; beginsMs: readonly UnixMs[] };

export type VideoFact = { fileName: string | null; videoId: string | null };

/** What one piece of evidence tells of one part, as of a time from one moment to another. */
type Telling = Pick<ExtensionService, 'name' | 'state' | 'onHold' | 'outputs'> & {
  videos: readonly VideoFact[];
  source: ServiceFact['told']['source'];
  fromMs: UnixMs;
  toMs: UnixMs;
};

const WEB_RECORDER = 'web_recorder_service';
const CDN_PUSH = 'rtmp_publish_service';
const VOD = 'aliyun_vod_service';

const UNTOLD = { state: null, onHold: null, outputs: [], videos: [] };

/**
 * What a notification tells of a part, in the words that `query` has for it.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#services
 */
export function foldToldServices(
  known: readonly ServiceFact[],
  { event }: Notice,
  atMs: UnixMs,
  bounds: Bounds,
): readonly ServiceFact[] {
  const told = toldBy(event);
  if (told === null) return known;
  return foldTelling(known, { ...UNTOLD, ...told, source: 'notice', fromMs: atMs, toMs: atMs }, bounds);
}

function toldBy(event: RecordingEvent): (Pick<Telling, 'name'> & Partial<Telling>) | null {
  switch (event.type) {
    case 'webRecorderStarted':
      return { name: WEB_RECORDER, state: 'inProgress' };
    case 'webRecorderStopped':
      return { name: WEB_RECORDER, state: 'exit' };
    case 'cdnStatus':
      return { name: CDN_PUSH, outputs: [event] };
    case 'vodStarted':
      return event.videoId === null ? null : { name: VOD, videos: [{ fileName: null, videoId: event.videoId }] };
    default:
      return null;
  }
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#services */
export function foldAnsweredServices(
  known: readonly ServiceFact[],
  services: readonly ExtensionService[],
  { askedMs: fromMs, lastAskedMs: toMs }: Observation,
  bounds: Bounds,
): readonly ServiceFact[] {
  return services.reduce((facts, { name, state, onHold, outputs, files }) => {
    const videos = name === VOD ? files.map((file) => ({ fileName: file.name, videoId: file.videoId })) : [];
    return foldTelling(facts, { name, state, onHold, outputs, videos, source: 'query', fromMs, toMs }, bounds);
  }, known);
}

/** By name, and of very many those whose name comes first: no order of arrival changes which. */
function foldTelling(known: readonly ServiceFact[], told: Telling, bounds: Bounds): readonly ServiceFact[] {
  const same = known.find(({ name }) => name === told.name);
  const others = known.filter((one) => one !== same);
  return [...others, tell(same ?? newService(told), told, bounds)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, bounds.texts);
}

function newService({ name, toMs, source }: Telling): ServiceFact {
  return { name, told: { atMs: toMs, source }, state: null, onHold: null, listedMs: null, outputs: [], videos: [] };
}

function tell(service: ServiceFact, told: Telling, bounds: Bounds): ServiceFact {
  const { name, toMs, source } = told;
  const lists = source === 'query' && told.outputs.length > 0;
  return {
    name,
    told: lastTold(service.told, { atMs: toMs, source }),
    state: newer(service.state, told.state, toMs),
    onHold: newer(service.onHold, told.onHold, toMs),
    listedMs: lists ? later(service.listedMs, toMs) : service.listedMs,
    outputs: told.outputs.reduce((outputs, output) => addOutput(outputs, output, told, bounds), service.outputs),
    videos: told.videos.reduce((videos, video) => addVideo(videos, video, bounds), service.videos),
  };
}

function lastTold(known: ServiceFact['told'], told: ServiceFact['told']): ServiceFact['told'] {
  if (told.atMs !== known.atMs) return told.atMs > known.atMs ? told : known;
  return known.source === 'query' ? known : told;
}

/** Of two at one moment the one that comes first in the alphabet: `exit` before `inProgress` before `init`. */
function newer<T extends string | boolean>(known: Heard<T> | null, value: T | null, atMs: UnixMs): Heard<T> | null {
  if (value === null) return known;
  if (known === null || atMs > known.atMs) return { atMs, value };
  return atMs === known.atMs && String(value) < String(known.value) ? { atMs, value } : known;
}

/** Of very many those with the lowest id: no order of arrival changes which. */
function addOutput(
  outputs: readonly OutputFact[],
  { id, url, status }: PushOutput,
  time: Pick<Telling, 'fromMs' | 'toMs'>,
  bounds: Bounds,
): readonly OutputFact[] {
  if (url === null || status === null) return outputs;
  const same = outputs.find((known) => known.id === id);
  const others = outputs.filter((known) => known !== same);
  const statuses = addStatus(same?.statuses ?? [], status, time, bounds);
  return [...others, { id, url: lesser(same?.url ?? url, url), statuses }]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, bounds.texts);
}

/** Two addresses of one id are next to impossible, but no order may show. */
function lesser(a: string, b: string): string {
  return a < b ? a : b;
}

/** A run of equal answers that has grown is handed in again: it began when it began, and lasts longer. */
function addStatus(
  statuses: readonly StatusFact[],
  status: string,
  { fromMs, toMs }: Pick<Telling, 'fromMs' | 'toMs'>,
  bounds: Bounds,
): readonly StatusFact[] {
  const same = statuses.find((known) => known.status === status);
  const others = statuses.filter((known) => known !== same);
  const begins = [...new Set([...(same?.beginsMs ?? []), fromMs])].sort((a, b) => a - b);
  const told: StatusFact = {
    status,
    firstMs: earlier(same?.firstMs ?? null, fromMs) ?? fromMs,
    lastMs: later(same?.lastMs ?? null, toMs) ?? toMs,
    beginsMs: begins.slice(-bounds.ends),
  };
  return [...others, told].sort((a, b) => (a.status < b.status ? -1 : 1)).slice(0, bounds.texts);
}

function addVideo(videos: readonly VideoFact[], video: VideoFact, bounds: Bounds): readonly VideoFact[] {
  if (videos.some((known) => videoKey(known) === videoKey(video))) return videos;
  return [...videos, video].sort((a, b) => (videoKey(a) < videoKey(b) ? -1 : 1)).slice(0, bounds.texts);
}

function videoKey({ fileName, videoId }: VideoFact): string {
  return `${videoId ?? ''}\u0000${fileName ?? ''}`;
}
