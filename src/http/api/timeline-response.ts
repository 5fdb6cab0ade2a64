import type { FileMention } from '../../evidence/file-mention.js';
import type { ExtensionService, Observation, QueryOutcome, RecordingAnswer } from '../../evidence/observation.js';
import type { PushOutput } from '../../evidence/push-output.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';
import type { Registration } from '../../evidence/registration.js';
import type { StopAnswer } from '../../evidence/stop-answer.js';
import type { TimelineDetails, TimelineEntry } from '../../sessions/views/timeline.js';
import { iso, isoOrNull, type Timeless } from './times.js';

export function timelineEntry({ atMs, receivedMs, details, ...entry }: TimelineEntry) {
  return {
    at: iso(atMs),
    ...entry,
    details: timelineDetails(details),
    receivedAt: iso(receivedMs),
  };
}

/** The details of an entry as the API shows them. */
export function timelineDetails(details: TimelineDetails): object {
  switch (details.of) {
    case 'event':
      return eventDetails(details.event);
    case 'query':
      return runDetails(details.run);
    case 'registration':
      return registrationDetails(details.registration);
    case 'stop':
      return stopDetails(details.answer);
    case 'absence':
      return {
        firstNotFoundAt: iso(details.firstNotFoundMs),
        notAfter: iso(details.notAfterMs),
      };
    case 'reopening':
      return { because: details.because };
  }
}

function eventDetails(event: RecordingEvent): object {
  switch (event.type) {
    case 'unknown': // as Agora sent them: names and units are theirs
      return event.details;
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

function file({ name, trackType, uid, mixedAllUser, playable, sliceStartedMs, videoId }: FileMention) {
  return { name, trackType, uid, mixedAllUser, playable, sliceStartedAt: isoOrNull(sliceStartedMs), videoId };
}

function runDetails({ outcome, count, answeredMs, lastAskedMs, lastAnsweredMs }: Observation) {
  return {
    ...outcomeDetails(outcome),
    count,
    answeredAt: iso(answeredMs),
    lastAskedAt: iso(lastAskedMs),
    lastAnsweredAt: iso(lastAnsweredMs),
  };
}

export function observationResponse(run: Observation): object {
  return {
    outcome: run.outcome.kind,
    ...outcomeDetails(run.outcome),
    askedAt: iso(run.askedMs),
    answeredAt: iso(run.answeredMs),
    lastAskedAt: iso(run.lastAskedMs),
    lastAnsweredAt: iso(run.lastAnsweredMs),
    count: run.count,
    notFoundSince: isoOrNull(run.unbrokenSinceMs),
    clockEra: run.clockEra,
  };
}

function outcomeDetails(outcome: QueryOutcome): object {
  if (outcome.kind === 'answered') return { answer: answerDetails(outcome.answer) };
  const timeless: Timeless<typeof outcome> = outcome;
  const { kind: _kind, ...told } = timeless;
  return told;
}

function answerDetails({ sliceStartedMs, files, services, ...answer }: RecordingAnswer) {
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

function stopDetails({ stopped, code, uploadingStatus, files }: StopAnswer) {
  return { stopped, code, uploadingStatus, files: files.map(file) };
}
