import { iso, type UnixMs } from '../../evidence/instant.js';
import { isConfigured, type VerdictRules } from '../../sessions/facts/rules.js';
import type { LedgerSession, Session, SessionService } from '../../sessions/verdict/session.js';
import type { ServiceAnswer, SessionAnswer } from './answers/session-schema.js';
import { isoOrNull } from './times.js';

export type PublishedVersion = { session: LedgerSession; version: number; updatedMs: UnixMs };

/** A session as the API shows it. Only `queryable` depends on the present: on the time, and on the configured apps. */
export function sessionResponse(
  { session, version, updatedMs }: PublishedVersion,
  nowMs: UnixMs,
  rules: Pick<VerdictRules, 'accountOf'>,
): SessionAnswer {
  const { startedAt, endedAt } = session;
  return {
    sid: session.sid,
    appId: session.appId,
    resourceId: session.resourceId,
    mode: session.mode,
    cname: session.cname,
    uid: session.uid,
    recorderUids: session.recorderUids,
    state: session.state,
    outcome: session.outcome,
    certainty: session.certainty,
    queryable: isQueryable(session, nowMs, rules),
    startedAt: startedAt === null ? null : { at: iso(startedAt.atMs), source: startedAt.source },
    endedAt:
      endedAt === null
        ? null
        : {
            at: isoOrNull(endedAt.atMs),
            notBefore: isoOrNull(endedAt.notBeforeMs),
            notAfter: isoOrNull(endedAt.notAfterMs),
            source: endedAt.source,
          },
    serviceStatus: session.serviceStatus,
    services: session.services.map(serviceResponse),
    storage: storageResponse(session.storage),
    bucket: bucketResponse(session.bucket),
    endKnownAt: isoOrNull(session.endKnownMs),
    upload: session.upload,
    notices: noticesOf(session),
    gaps: { open: session.gaps.open, settled: session.gaps.settled },
    observations: {
      count: session.observations.count,
      lastAt: isoOrNull(session.observations.lastMs),
      lastOutcome: session.observations.lastOutcome,
    },
    findings: session.findings.map(({ code, atMs, message }) => ({ code, at: iso(atMs), message })),
    version,
    updatedAt: iso(updatedMs),
  };
}

function storageResponse(storage: Session['storage']): SessionAnswer['storage'] {
  if (storage === undefined) return undefined;
  const { vendor, region, bucket, prefix } = storage;
  return { vendor, region, bucket, prefix: prefix.join('/') };
}

function bucketResponse(bucket: Session['bucket']): SessionAnswer['bucket'] {
  if (bucket === undefined) return undefined;
  const { lookedMs, holes, ...told } = bucket;
  return {
    lookedAt: iso(lookedMs),
    ...told,
    holes: holes.map(({ fromMs, toMs, lengthMs }) => ({ from: isoOrNull(fromMs), to: isoOrNull(toMs), lengthMs })),
  };
}

/** What is not told of a part is left out. */
function serviceResponse({ name, state, onHold, outputs, videos, atMs, source }: SessionService): ServiceAnswer {
  return {
    name,
    state,
    onHold,
    outputs: outputs?.map(({ url, status, sinceMs }) => ({ url, status, since: iso(sinceMs) })),
    videos: videos?.map(({ fileName, videoId }) => ({ fileName, videoId })),
    at: iso(atMs),
    source,
  };
}

function isQueryable(
  { appId, queryableUntilMs }: Session,
  nowMs: UnixMs,
  rules: Pick<VerdictRules, 'accountOf'>,
): boolean {
  if (appId === null || queryableUntilMs === null) return false;
  return nowMs < queryableUntilMs && isConfigured(rules, appId);
}

function noticesOf({ notices }: Session): SessionAnswer['notices'] {
  const { lastMs, ...counts } = notices;
  return { ...counts, lastAt: isoOrNull(lastMs) };
}
