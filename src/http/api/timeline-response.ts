import { iso } from '../../evidence/instant.js';
import type { BucketLook } from '../../evidence/bucket-look.js';
import type { FileMention } from '../../evidence/file-mention.js';
import type { ExtensionService, Observation, RecordingAnswer } from '../../evidence/observation.js';
import type { PushOutput } from '../../evidence/push-output.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { PassedCall } from '../../evidence/passed-call.js';
import type { Registration } from '../../evidence/registration.js';
import type { StopAnswer } from '../../evidence/stop-answer.js';
import type { TimelineEntry } from '../../sessions/views/timeline.js';
import type { EventDetails } from './answers/event-details-schema.js';
import type { FileMentionAnswer } from './answers/file-schema.js';
import type { ObservationAnswer, QueryAnswer, QueryDetails } from './answers/observation-schema.js';
import type { TimelineEntryAnswer } from './answers/timeline-schema.js';
import { isoOrNull, type Timeless } from './times.js';

export function timelineEntry({ atMs, receivedMs, details, ...told }: TimelineEntry): TimelineEntryAnswer {
  const entry = { at: iso(atMs), ...told, details: null, receivedAt: iso(receivedMs) };
  switch (details.of) {
    case 'event': {
      const { event } = details;
      if (event.type !== 'unknown') return { ...entry, source: 'notice', details: eventDetailsOf(event) };
      return { ...entry, source: 'notice', details: event.details }; // as Agora sent them: names and units are theirs
    }
    case 'query':
      return { ...entry, source: 'query', details: runDetails(details.run) };
    case 'registration':
      return { ...entry, source: 'registration', details: registrationDetails(details.registration) };
    case 'stop':
      return { ...entry, source: 'stop', details: stopDetails(details.answer) };
    case 'call':
      return { ...entry, source: 'call', details: callDetails(details.call) };
    case 'bucket':
      return { ...entry, source: 'bucket', details: lookDetails(details.look) };
    case 'absence': {
      const firstNotFoundAt = iso(details.firstNotFoundMs);
      return { ...entry, source: 'inference', details: { firstNotFoundAt, notAfter: iso(details.notAfterMs) } };
    }
    case 'reopening':
      return { ...entry, source: 'inference', details: { because: details.because } };
  }
}

/** The details of an entry as the API shows them. */
export function timelineDetails(entry: TimelineEntry): object {
  return timelineEntry(entry).details;
}

function eventDetailsOf(event: Exclude<RecordingEvent, { type: 'unknown' }>): EventDetails {
  switch (event.type) {
    case 'sliceStarted':
      return {
        startedAt: isoOrNull(event.startedMs),
        discontinuedAt: isoOrNull(event.discontinuedMs),
        mixedAllUser: event.mixedAllUser,
        streamUid: event.streamUid,
        trackType: event.trackType,
      };
    case 'streamChanged': {
      const { media, streamUid, receiving, atMs } = event;
      return { media, streamUid, receiving, at: isoOrNull(atMs) };
    }
    case 'webRecorderStarted':
      return { startedAt: isoOrNull(event.startedMs), pageLoadedAt: isoOrNull(event.pageLoadedMs) };
    case 'cdnStatus':
      return outputDetails(event);
    default: {
      const timeless: Timeless<typeof event> = event;
      const { type: _type, ...told } = timeless;
      return 'files' in told ? { ...told, files: told.files.map(file) } : told;
    }
  }
}

function file({
  name,
  trackType,
  uid,
  mixedAllUser,
  playable,
  sliceStartedMs,
  videoId,
}: FileMention): FileMentionAnswer {
  return { name, trackType, uid, mixedAllUser, playable, sliceStartedAt: isoOrNull(sliceStartedMs), videoId };
}

function runDetails({ outcome, count, answeredMs, lastAskedMs, lastAnsweredMs }: Observation): QueryDetails {
  const run = {
    count,
    answeredAt: iso(answeredMs),
    lastAskedAt: iso(lastAskedMs),
    lastAnsweredAt: iso(lastAnsweredMs),
  };
  switch (outcome.kind) {
    case 'answered':
      return { answer: answerDetails(outcome.answer), ...run };
    case 'bad_request':
      return { code: outcome.code, reason: outcome.reason, ...run };
    case 'throttled':
      return { retryAfterMs: outcome.retryAfterMs, ...run };
    case 'unavailable':
      return { reason: outcome.reason, ...run };
    case 'not_found':
    case 'no_route':
    case 'unauthorized':
    case 'incomplete':
      return run;
  }
}

export function observationResponse(observation: Observation): ObservationAnswer {
  const { outcome } = observation;
  const run = whenOf(observation);
  switch (outcome.kind) {
    case 'answered':
      return { outcome: outcome.kind, answer: answerDetails(outcome.answer), ...run };
    case 'bad_request':
      return { outcome: outcome.kind, code: outcome.code, reason: outcome.reason, ...run };
    case 'throttled':
      return { outcome: outcome.kind, retryAfterMs: outcome.retryAfterMs, ...run };
    case 'unavailable':
      return { outcome: outcome.kind, reason: outcome.reason, ...run };
    case 'not_found':
    case 'no_route':
    case 'unauthorized':
    case 'incomplete':
      return { outcome: outcome.kind, ...run };
  }
}

function whenOf(run: Observation) {
  return {
    askedAt: iso(run.askedMs),
    answeredAt: iso(run.answeredMs),
    lastAskedAt: iso(run.lastAskedMs),
    lastAnsweredAt: iso(run.lastAnsweredMs),
    count: run.count,
    notFoundSince: isoOrNull(run.unbrokenSinceMs),
    clockEra: run.clockEra,
  };
}

function answerDetails({ sliceStartedMs, files, services, ...answer }: RecordingAnswer): QueryAnswer {
  const { status, cname, uid, fileListMode, recordingService } = answer;
  return {
    status,
    cname,
    uid,
    sliceStartedAt: isoOrNull(sliceStartedMs),
    fileListMode,
    files: files.map(file),
    services: services.map(serviceDetails),
    recordingService,
  };
}

function serviceDetails({ name, state, onHold, files, outputs }: ExtensionService) {
  return { name, state, onHold, files: files.map(file), outputs: outputs.map(outputDetails) };
}

function outputDetails({ url, status }: PushOutput) {
  return { url, status };
}

function registrationDetails({ startedMs, ...told }: Registration) {
  const { appId, resourceId, mode, cname, uid, resourceExpiredHour } = told;
  return { appId, resourceId, mode, cname, uid, resourceExpiredHour, startedAt: isoOrNull(startedMs) };
}

function callDetails({ method, httpStatus, receivedMs }: PassedCall) {
  return { method, httpStatus, answeredAt: iso(receivedMs) };
}

const MOST_ABSENT = 20;

function lookDetails({ bucket, folders, answeredMs, outcome }: BucketLook) {
  const look = { bucket, folders, answeredAt: iso(answeredMs) };
  switch (outcome.kind) {
    case 'listed': {
      const { files, segments, absent } = outcome.found;
      return { ...look, files: files.length, segments: segments.count, absent: absent.slice(0, MOST_ABSENT) };
    }
    case 'refused':
      return { ...look, status: outcome.status, code: outcome.code };
    case 'unavailable':
      return { ...look, reason: outcome.reason };
  }
}

function stopDetails({ stopped, code, uploadingStatus, files }: StopAnswer) {
  return { stopped, code, uploadingStatus, files: files.map(file) };
}
