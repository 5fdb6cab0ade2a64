import { iso, plusMs } from '../../evidence/instant.js';
import type { RecordingStorage } from '../../evidence/recording-storage.js';
import { objectKey } from '../../sessions/views/object-key.js';
import { isWhole, type RecordedFile, type StoredFile } from '../../sessions/facts/files.js';
import type { LookFact } from '../../sessions/facts/looks.js';
import type { Gap } from '../../sessions/verdict/gaps.js';
import type { Explanation } from '../../sessions/views/explanation.js';
import type { StreamHistory } from '../../sessions/views/streams.js';
import type { FileAnswer } from './answers/file-schema.js';
import type { ExplanationAnswer, GapAnswer, StreamsAnswer } from './answers/history-schema.js';
import { isoOrNull } from './times.js';

export function fileResponse(
  { stored: found, ...file }: RecordedFile,
  storage: RecordingStorage | null,
  looks: readonly LookFact[] = [],
): FileAnswer {
  const stored = found !== null && isStillThere(found, looks) ? found : null;
  return {
    name: file.name,
    kind: file.kind,
    trackType: file.trackType,
    uid: file.uid,
    mixedAllUser: file.mixedAllUser,
    playable: file.playable,
    sliceStartedAt: isoOrNull(file.sliceStartedMs),
    videoId: file.videoId,
    firstSeenAt: iso(file.firstSeenMs),
    sources: file.sources,
    ...storedResponse(stored),
    object: storage === null ? undefined : { bucket: storage.bucket, key: objectKey(storage, file.name) },
  };
}

/** A later listing of the same bucket would have found it again. */
function isStillThere({ bucket, lookedMs }: StoredFile, looks: readonly LookFact[]): boolean {
  const listed = looks.find((look) => look.bucket === bucket)?.listed ?? null;
  return listed === null || lookedMs >= listed.askedMs;
}

function storedResponse(
  stored: StoredFile | null,
): Pick<FileAnswer, 'stored' | 'complete' | 'recordedMs' | 'missingSegments' | 'holes'> {
  const playlist = stored?.playlist ?? null;
  return {
    stored: stored === null ? null : { size: stored.size, lastModified: iso(stored.modifiedMs), bucket: stored.bucket },
    complete: stored === null ? null : isWhole(stored),
    recordedMs: playlist?.recordedMs ?? null,
    missingSegments: playlist?.missingNames ?? [],
    holes: (playlist?.holes ?? []).map(({ atMs, lengthMs, lost }) => ({
      from: isoOrNull(atMs),
      to: atMs === null ? null : iso(plusMs(atMs, lengthMs)),
      lengthMs,
      lost,
    })),
  };
}

export function gapResponse({ uid, serviceType, from, to, missing, ...gap }: Gap): GapAnswer {
  return {
    uid,
    serviceType,
    from,
    to,
    count: missing,
    state: gap.settledBy === null ? 'open' : 'settled',
    openedAt: iso(gap.revealedMs),
    settledAt: isoOrNull(gap.settledMs),
    settledBy: gap.settledBy,
  };
}

export function streamsResponse({ streams, slices, interruptions }: StreamHistory): StreamsAnswer {
  return {
    streams: streams.map(({ streamUid, media, fromMs, toMs }) => ({
      streamUid,
      media,
      from: iso(fromMs),
      to: isoOrNull(toMs),
    })),
    slices: slices.map(({ startedMs, streamUid, trackType, mixedAllUser }) => ({
      startedAt: iso(startedMs),
      streamUid,
      trackType,
      mixedAllUser,
    })),
    interruptions: interruptions.map(({ fromMs, toMs, streamUid }) => ({
      from: iso(fromMs),
      to: iso(toMs),
      streamUid,
    })),
  };
}

export function explanationResponse({ fact, value, rule, because, evidence }: Explanation): ExplanationAnswer {
  return {
    fact,
    value,
    rule,
    because,
    evidence: evidence.map(({ source, atMs, what }) => ({ source, at: iso(atMs), what })),
  };
}
