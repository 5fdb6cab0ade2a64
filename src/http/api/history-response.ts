import { iso } from '../../evidence/instant.js';
import type { RecordingStorage } from '../../evidence/recording-storage.js';
import { objectKey } from '../../sessions/views/object-key.js';
import type { RecordedFile } from '../../sessions/facts/files.js';
import type { Gap } from '../../sessions/verdict/gaps.js';
import type { Explanation } from '../../sessions/views/explain.js';
import type { StreamHistory } from '../../sessions/views/streams.js';
import type { FileAnswer } from './answers/file-schema.js';
import type { ExplanationAnswer, GapAnswer, StreamsAnswer } from './answers/history-schema.js';
import { isoOrNull } from './times.js';

export function fileResponse(file: RecordedFile, storage: RecordingStorage | null): FileAnswer {
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
    object: storage === null ? undefined : { bucket: storage.bucket, key: objectKey(storage, file.name) },
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
