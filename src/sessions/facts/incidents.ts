import { earlier, later, type UnixMs } from '../../evidence/instant.js';
import type { QueryOutcome } from '../../evidence/observation.js';
import type { PushOutput } from '../../evidence/push-output.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { Bounds } from './bounds.js';
import type { IncidentFact } from './facts.js';

export type Incident = Pick<IncidentFact, 'kind' | 'subject'>;

/**
 * What an event reports that a person may need to know, in addition to the session's state.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function incidentsOf(event: RecordingEvent): readonly Incident[] {
  switch (event.type) {
    case 'webCapabilityLimit':
      return [{ kind: 'capability_limit', subject: event.limit ?? 'unknown' }];
    case 'storageTokenExpired':
      return [{ kind: 'storage_token_expired', subject: '' }];
    case 'downloadFailed':
      return [{ kind: 'download_failed', subject: event.bucket ?? '' }];
    case 'transcoderCompleted':
    case 'transcodeFinished':
      return isFailure(event.result) ? [{ kind: 'transcode_failed', subject: event.result }] : [];
    case 'cdnStatus':
      return disconnected([event]);
    default:
      return [];
  }
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#services */
function disconnected(outputs: readonly PushOutput[]): readonly Incident[] {
  return outputs
    .filter(({ status }) => status === 'disconnected')
    .map(({ url }) => ({ kind: 'cdn_disconnected', subject: url ?? '' }));
}

function isFailure(result: string | null): result is string {
  return result !== null && /^(fail|failed|partial_success)$/.test(result);
}

/**
 * What an answer reports in addition to the session's state.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes
 */
export function incidentsOfOutcome(outcome: QueryOutcome): readonly Incident[] {
  switch (outcome.kind) {
    case 'bad_request':
      return [{ kind: 'bad_request', subject: outcome.reason ?? String(outcome.code ?? '') }];
    case 'no_route':
    case 'unauthorized':
      return [{ kind: outcome.kind, subject: '' }];
    case 'answered': {
      const { recordingService, services } = outcome.answer;
      const abnormal = ['serviceAbnormal', 'serviceValidationFailed'];
      const isAbnormal = recordingService !== null && abnormal.includes(recordingService);
      return [
        ...(isAbnormal ? [{ kind: 'service_abnormal' as const, subject: recordingService }] : []),
        ...services.flatMap(({ outputs }) => disconnected(outputs)),
      ];
    }
    default:
      return [];
  }
}

/** Keeps the first and the last of each kind and subject: a fault is reported again with every file and every query. */
export function foldIncidents(
  known: readonly IncidentFact[],
  incidents: readonly Incident[],
  atMs: UnixMs,
  bounds: Bounds,
): readonly IncidentFact[] {
  return incidents.reduce((all, incident) => foldIncident(all, incident, atMs, bounds), known);
}

function foldIncident(
  incidents: readonly IncidentFact[],
  incident: Incident,
  atMs: UnixMs,
  { texts }: Bounds,
): readonly IncidentFact[] {
  const same = incidents.find((known) => keyOf(known) === keyOf(incident));
  const told = {
    ...incident,
    atMs: earlier(same?.atMs ?? null, atMs) ?? atMs,
    lastMs: later(same?.lastMs ?? null, atMs) ?? atMs,
  };
  const others = incidents.filter((known) => known !== same);
  const sorted = [...others, told].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return sorted.filter((one, index) => index < texts || sorted[index - texts]?.kind !== one.kind);
}

function keyOf({ kind, subject }: Incident): string {
  return `${kind} ${subject}`;
}
