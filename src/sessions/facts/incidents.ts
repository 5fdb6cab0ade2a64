import { earlier, later, type UnixMs } from '../../evidence/instant.js';
import type { QueryOutcome } from '../../evidence/observation.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { Bounds } from './bounds.js';
import type { IncidentFact } from './facts.js';

export type Incident = Pick<IncidentFact, 'kind' | 'subject'>;

/**
 * What an event reports that a person may need to know, in addition to the session's state.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function incidentOf(event: RecordingEvent): Incident | null {
  switch (event.type) {
    case 'webCapabilityLimit':
      return { kind: 'capability_limit', subject: event.limit ?? 'unknown' };
    case 'storageTokenExpired':
      return { kind: 'storage_token_expired', subject: '' };
    case 'downloadFailed':
      return { kind: 'download_failed', subject: event.bucket ?? '' };
    case 'transcoderCompleted':
    case 'transcodeFinished':
      return isFailure(event.result) ? { kind: 'transcode_failed', subject: event.result } : null;
    case 'cdnStatus':
      return event.status === 'disconnected' ? { kind: 'cdn_disconnected', subject: event.url ?? '' } : null;
    default:
      return null;
  }
}

function isFailure(result: string | null): result is string {
  return result !== null && /^(fail|failed|partial_success)$/.test(result);
}

/**
 * What an answer reports in addition to the session's state.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes
 */
export function incidentOfOutcome(outcome: QueryOutcome): Incident | null {
  switch (outcome.kind) {
    case 'bad_request':
      return { kind: 'bad_request', subject: outcome.reason ?? String(outcome.code ?? '') };
    case 'no_route':
    case 'unauthorized':
      return { kind: outcome.kind, subject: '' };
    case 'answered': {
      const { recordingService } = outcome.answer;
      const abnormal = ['serviceAbnormal', 'serviceValidationFailed'];
      return recordingService !== null && abnormal.includes(recordingService)
        ? { kind: 'service_abnormal', subject: recordingService }
        : null;
    }
    default:
      return null;
  }
}

/** Keeps the first and the last of each kind and subject: a fault is reported again with every file and every query. */
export function foldIncident(
  incidents: readonly IncidentFact[],
  incident: Incident | null,
  atMs: UnixMs,
  { texts }: Bounds,
): readonly IncidentFact[] {
  if (incident === null) return incidents;
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
