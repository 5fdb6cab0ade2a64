import { noticeFromRaw } from '../../src/agora/notice-from-raw.js';
import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import { parseNotification } from '../../src/agora/parse-notification.js';
import { noticeRow } from '../../src/db/evidence/incoming-rows.js';
import type { NoticeRow } from '../../src/db/evidence/store-notices.js';
import type { NewVersion } from '../../src/db/sessions/changes.js';
import type { StoredSession } from '../../src/db/sessions/sessions.js';
import type { Evidence } from '../../src/evidence/evidence.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import type { Observation } from '../../src/evidence/observation.js';
import type { Registration } from '../../src/evidence/registration.js';
import { nextVersion } from '../../src/ledger/next-version.js';
import type { ScheduleRules } from '../../src/ledger/schedule-of.js';
import { foldRules } from '../../src/sessions/facts/bounds.js';
import { noFacts } from '../../src/sessions/facts/facts.js';
import { filesNamedBy, mergeFiles, NO_FILES, type RecordedFile } from '../../src/sessions/facts/files.js';
import { fold, learnedMs } from '../../src/sessions/facts/fold.js';
import { withProof } from '../../src/sessions/verdict/with-proof.js';
import type { Gap } from '../../src/sessions/verdict/gaps.js';
import { becauseOf } from '../../src/sessions/views/because.js';
import { conclude, waitUntil } from '../../src/sessions/views/conclude.js';
import type { Story, ToldAnswer, ToldNotice } from './stories.js';

/** In the place of what each session has of its own. */
export const SID = '5ed5ed5ed5ed5ed5ed5ed5ed5ed5ed5e';
export const CNAME = 'lesson-of-nobody';
export const APP = 'app-of-nobody';
export const UID = 'uid-of-nobody';
/** Every time in a template is this long after 1970, and moved to when its session started. */
export const START_MS = unixMs(1_500_000_000_000);

export type AnswerRow = { observation: Observation; httpStatus: number; body: string };

/** One session of a kind, as the ledger itself makes it of its evidence: from it a million others are copied. */
export type Template = {
  name: string;
  share: number;
  stored: StoredSession;
  versions: readonly NewVersion[];
  notices: readonly NoticeRow[];
  answers: readonly AnswerRow[];
  registration: Registration | null;
  files: readonly RecordedFile[];
  gaps: readonly Gap[];
};

const at = (seconds: number): UnixMs => unixMs(START_MS + seconds * 1_000);

export function templateOf(story: Story, rules: ScheduleRules): Template {
  const registration = story.registered ? registrationOf(story) : null;
  const notices = story.notices.map(rowOf);
  const answers = story.answers.map(answerOf);
  const told: Evidence[] = [
    ...(registration === null ? [] : [registration]),
    ...notices.flatMap(noticeOf),
    ...answers.map(({ observation }) => observation),
  ];
  const lived = live(
    told.toSorted((a, b) => learnedMs(a) - learnedMs(b)),
    rules,
  );
  return {
    name: story.name,
    share: story.share,
    ...lived,
    notices,
    answers,
    registration,
    files: mergeFiles(told.flatMap(filesNamedBy)),
  };
}

/** Folds one piece after the other, as it comes, and a while of silence at the end. */
function live(told: readonly Evidence[], rules: ScheduleRules): Pick<Template, 'stored' | 'versions' | 'gaps'> {
  let facts = noFacts(SID);
  const saved: StoredSession[] = [];
  const versions: NewVersion[] = [];
  const save = (news: readonly Evidence[], atMs: UnixMs): void => {
    const session = { ...conclude(facts, rules).session, files: NO_FILES };
    const before = saved.at(-1) ?? null;
    const { stored, changed } = nextVersion(before, null, facts, session, atMs);
    if (changed.length > 0)
      versions.push({ stored, changed, because: becauseOf(news, before?.facts.registration != null) });
    saved.push(stored);
  };
  for (const piece of told) {
    const known = piece.kind === 'observation' ? withProof(piece, facts, rules) : piece;
    facts = fold(facts, [known], foldRules(rules));
    save([known], learnedMs(known));
  }
  const last = told.at(-1);
  const quietMs = unixMs((last === undefined ? START_MS : learnedMs(last)) + 10_000);
  facts = waitUntil(facts, quietMs, rules);
  save([{ kind: 'time_passed', sid: SID, untilMs: quietMs }], quietMs);
  const stored = saved.at(-1);
  if (stored === undefined) throw new Error('a story without evidence');
  return { stored, versions, gaps: conclude(facts, rules).gaps };
}

function registrationOf({ mode }: Story): Registration {
  return {
    kind: 'registration',
    sid: SID,
    appId: APP,
    resourceId: `resource-of-${SID}`,
    mode: mode ?? 'mix',
    cname: CNAME,
    uid: UID,
    startedMs: START_MS,
    resourceExpiredHour: null,
    receivedMs: at(0.3),
    replaces: false,
  };
}

function rowOf({ at: seconds, eventType, serviceType, sequence, details, late = 0.3 }: ToldNotice): NoticeRow {
  const told = JSON.parse(JSON.stringify(details).replaceAll('SID', SID).replaceAll('CNAME', CNAME)) as unknown;
  const sendts = at(seconds);
  const payload = { cname: CNAME, uid: UID, sid: SID, sequence, sendts, serviceType, details: told };
  const noticeId = `${SID}-${String(eventType)}-${String(seconds)}`;
  const receivedMs = at(seconds + late);
  const body = JSON.stringify({ noticeId, productId: 3, eventType, notifyMs: sendts, payload });
  const parsed = parseNotification(Buffer.from(body), { appId: APP, receivedMs });
  if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
  return noticeRow(parsed, APP, receivedMs);
}

function noticeOf({ raw, receivedMs, eventKey }: NoticeRow): Evidence[] {
  const notice = noticeFromRaw(raw, { appId: APP, receivedMs }, eventKey);
  return notice === null ? [] : [notice];
}

function answerOf({ at: seconds, status }: ToldAnswer): AnswerRow {
  const httpStatus = status === null ? 404 : 200;
  const body = JSON.stringify(
    status === null
      ? { code: 404, message: 'Failed to find worker' }
      : {
          cname: CNAME,
          uid: UID,
          sid: SID,
          serverResponse: { status, fileListMode: 'string', fileList: '', sliceStartTime: at(4) },
        },
  );
  const [askedMs, answeredMs] = [at(seconds), at(seconds + 0.1)];
  const outcome = outcomeOfResponse({ status: httpStatus, headers: {}, body, nowMs: answeredMs });
  const run = { lastAskedMs: askedMs, lastAnsweredMs: answeredMs, count: 1, unbrokenSinceMs: null, clockEra: 0 };
  return { httpStatus, body, observation: { kind: 'observation', sid: SID, askedMs, answeredMs, ...run, outcome } };
}
