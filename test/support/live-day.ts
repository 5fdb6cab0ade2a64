import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { unixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import { register } from '../../src/ledger/register.js';
import { anAnswer, aRegistration, at, SID } from './builders.js';
import type { TestLedger } from './fold-context.js';
import { aRow } from './raw-notifications.js';

const MINUTE = 60;
const PLAYLIST = `${SID}_lesson.m3u8`;

export type LiveDay = {
  /** How long it lives; a day where it is left out. */
  minutes?: number;
  /** Which of its heartbeats are lost. */
  isLost?: (minute: number) => boolean;
  /** Further notifications that come with the heartbeat of that minute: event type and details. */
  also?: (minute: number) => readonly [number, Record<string, unknown>][];
};

/**
 * Lives a session in virtual time on a real ledger: registered, started, a heartbeat a minute, a query every
 * two minutes and its files named once. Everything is folded as it comes.
 */
export async function liveDay(ledger: TestLedger, day: LiveDay = {}): Promise<void> {
  const { minutes = 1_440, isLost = () => false, also = () => [] } = day;
  const clock = { seconds: 0 };
  const context = { ...ledger.context, now: () => at(clock.seconds) };
  const sequences = { recorder: 0, uploader: 0 };
  const send = async (eventType: number, details: object, uploader = false): Promise<void> => {
    const sequence = uploader ? sequences.uploader++ : sequences.recorder++;
    const row = aRow(clock.seconds - 1, eventType, { ...details }, { sequence, serviceType: uploader ? 2 : 1 });
    await storeNotices(ledger.db.pool, [{ ...row, receivedMs: at(clock.seconds) }], 1);
  };
  await register(context, aRegistration());
  clock.seconds = 5;
  await send(40, { status: 0 });
  await send(30, { status: 0 }, true);
  await foldAll(context);
  for (let minute = 1; minute <= minutes; minute += 1) {
    clock.seconds = minute * MINUTE;
    if (isLost(minute)) sequences.uploader += 1;
    else await send(33, { progress: Math.floor((minute * 9_000) / minutes) }, true);
    for (const [eventType, details] of also(minute)) await send(eventType, details);
    await foldAll(context);
    clock.seconds += 20;
    if (minute % 2 === 0) await recordAnswer(context, 'account', answerAt(clock.seconds), aRegistration());
  }
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes */
function answerAt(seconds: number) {
  const fileList = [{ fileName: PLAYLIST, trackType: 'audio_and_video', isPlayable: true, sliceStartTime: at(5) }];
  const serverResponse = { status: 5, fileListMode: 'json', fileList, sliceStartTime: at(5) };
  const files = [
    {
      name: PLAYLIST,
      trackType: 'audio_and_video' as const,
      uid: null,
      mixedAllUser: null,
      playable: true,
      sliceStartedMs: at(5),
      videoId: null,
    },
  ];
  return {
    sid: SID,
    askedMs: at(seconds),
    answeredMs: unixMs(at(seconds) + 100),
    clockEra: 0,
    outcome: anAnswer(5, { files, sliceStartedMs: at(5), fileListMode: 'json' }),
    httpStatus: 200,
    body: JSON.stringify({ resourceId: 'resource', sid: SID, serverResponse }),
  };
}
