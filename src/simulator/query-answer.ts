import { playlistName } from './file-names.js';
import type { SimulatedSession } from './simulated-session.js';
import { isOnHold, outputsAt } from './web-parts.js';

export type HttpAnswer = { status: number; body: unknown };

/** @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes */
const NO_WORKER: HttpAnswer = { status: 404, body: { code: 404, reason: 'failed to find worker' } };

/**
 * From when on a query names files, after the start, in a world of speed 1.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#files
 */
const FILES_AFTER_MS = { mix: 15_000, individual: 60_000, raw: 60_000, web: 15_000 } as const;

/**
 * What `query` answers about a session at a moment: a function of the truth alone.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export function queryAnswerAt(session: SimulatedSession, atMs: number, speed = 1): HttpAnswer {
  const { startMs, aliveUntilMs, failovers } = session;
  const moving = failovers.some((move) => atMs >= move.atMs && atMs < move.backAtMs);
  if (atMs < startMs || atMs >= aliveUntilMs || moving) return NO_WORKER;
  const moves = failovers.filter((move) => atMs >= move.backAtMs);
  const { resourceId, sid, cname } = session;
  const uid = moves.at(-1)?.newUid ?? session.uid;
  return {
    status: 200,
    body: { resourceId, sid, cname, uid, serverResponse: responseAt(session, atMs, moves.length, speed) },
  };
}

function responseAt(session: SimulatedSession, atMs: number, moves: number, speed: number): Record<string, unknown> {
  const status = statusAt(session, atMs);
  const named = atMs - session.startMs >= FILES_AFTER_MS[session.mode] / speed;
  const playlist = named ? playlistName(session, moves) : '';
  const sliceStartTime = Math.round(session.readyMs);
  switch (session.mode) {
    case 'web':
      return { status, extensionServiceState: [...pushService(session, atMs), webService(session, atMs, playlist)] };
    case 'mix':
      return { status, fileListMode: 'string', fileList: playlist, sliceStartTime };
    case 'individual':
    case 'raw': {
      if (session.snapshots) return { status, sliceStartTime };
      const file = {
        fileName: playlist,
        trackType: 'audio_and_video',
        uid: '57297',
        mixedAllUser: false,
        isPlayable: true,
        sliceStartTime,
      };
      return { status, fileListMode: 'json', fileList: named ? [file] : [], sliceStartTime };
    }
  }
}

/** Web recordings stay at 4 while they are at work. */
function statusAt(session: SimulatedSession, atMs: number): number {
  if (session.fate === 'failed_early') return 4;
  if (atMs < session.readyMs) return 2;
  if (atMs >= session.stoppingMs) return 6;
  return session.mode === 'web' ? 4 : 5;
}

function webService(session: SimulatedSession, atMs: number, playlist: string): Record<string, unknown> {
  const state = atMs < session.readyMs ? 'init' : atMs < session.stoppingMs ? 'inProgress' : 'exit';
  const files = playlist === '' ? [] : [{ filename: playlist, sliceStartTime: Math.round(session.readyMs) }];
  return {
    serviceName: 'web_recorder_service',
    payload: { fileList: files, onhold: isOnHold(session.parts, atMs), state },
  };
}

/** In no order that is promised: here before the web recorder. */
function pushService({ parts }: SimulatedSession, atMs: number): Record<string, unknown>[] {
  const outputs = outputsAt(parts, atMs);
  return outputs.length === 0 ? [] : [{ serviceName: 'rtmp_publish_service', payload: { outputs } }];
}
