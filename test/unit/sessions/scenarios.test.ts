import { noticeOf } from '../../../src/agora/notice-from-raw.js';
import { parseNotification } from '../../../src/agora/parse-notification.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { unixMs, type UnixMs } from '../../../src/evidence/instant.js';
import type { Notice } from '../../../src/evidence/notice.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { filesNamedBy, mergeFiles } from '../../../src/sessions/facts/files.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import type { Session } from '../../../src/sessions/verdict/session.js';
import { buildTimeline } from '../../../src/sessions/views/timeline.js';
import { createRandom } from '../../../src/simulator/random.js';
import { RULES } from '../../support/builders.js';
import { SAMPLES, sampleNotification } from '../../support/samples.js';

/** Later than anything the samples tell of; each delivery comes 100 ms after the one before it. */
const FIRST_RECEIPT = 1_772_460_000_000;

function received(body: unknown, receivedMs: UnixMs): Notice | null {
  const receipt = { appId: 'app', receivedMs };
  const parsed = parseNotification(Buffer.from(JSON.stringify(body)), receipt);
  return parsed.kind === 'notice' ? noticeOf(parsed.envelope, receipt, parsed.envelope.eventKey) : null;
}

/** Delivers bodies as the evidence table would hand them out: each event once, copies as repeats. */
function deliver(bodies: readonly unknown[]): Evidence[] {
  const known = new Set<string>();
  return bodies.map((body, index) => {
    const receivedMs = unixMs(FIRST_RECEIPT + index * 100);
    const notice = received(body, receivedMs);
    if (notice === null) throw new Error('not a notification of a recording');
    const { sid, eventKey } = notice;
    if (known.has(eventKey)) return { kind: 'repeated_delivery', sid, eventKey, receivedMs };
    known.add(eventKey);
    return notice;
  });
}

function sidOf(evidence: readonly Evidence[]): string {
  const sids = new Set(evidence.map((piece) => piece.sid));
  expect(sids.size).toBe(1);
  return evidence[0]?.sid ?? '';
}

function sessionOf(evidence: readonly Evidence[]): Session {
  return conclude(fold(noFacts(sidOf(evidence)), evidence), RULES).session;
}

/** All of a session but what counts the order of arrival, or is dated by it. */
function truthOf({ notices, gaps: _gaps, findings, ...session }: Session): unknown {
  const codes = findings
    .map(({ code }) => code)
    .filter((code) => code !== 'gap')
    .sort();
  return { ...session, events: notices.events, codes };
}

/** An order that was published of a real session, each event at its own time. */
function observedOrder(eventTypes: readonly number[]): unknown[] {
  const trueOrder = [40, 43, 44, 42, 4, 41, 31, 11];
  const details: Record<number, unknown> = {
    11: { exitStatus: 0 },
    31: { status: 0, fileList: 'a.m3u8' },
    40: { status: 0 },
    41: { leaveCode: 24 },
  };
  return eventTypes.map((eventType, index) => ({
    noticeId: `observed-${String(index)}`,
    productId: 3,
    eventType,
    notifyMs: 1,
    payload: {
      sid: 'observed',
      cname: 'c',
      uid: '1',
      sequence: index,
      sendts: 1_772_445_600_000 + trueOrder.indexOf(eventType) * 60_000 + index,
      serviceType: 1,
      details: details[eventType] ?? { state: 1 },
    },
  }));
}

const EXPECTED: Record<string, Record<string, unknown>> = {
  'observed-order-2020': { state: 'ended', outcome: 'completed', upload: { state: 'uploaded' } },
  'happy-mix': {
    state: 'ended',
    outcome: 'completed',
    certainty: 'reported',
    recorderUids: ['900001'],
    upload: { state: 'uploaded', progress: 1 },
    endedAt: { atMs: 1_772_445_623_800, source: 'notice' },
  },
  'terminal-before-upload': { state: 'ended', outcome: 'completed', upload: { state: 'uploaded' } },
  'start-lost': { state: 'ended', outcome: 'completed', upload: { state: 'uploaded' } },
  duplicates: { state: 'ended', outcome: 'completed', startedAt: { atMs: 1_772_445_600_900 } },
  failover: {
    state: 'recording',
    outcome: null,
    recorderUids: ['900004', '1380217764'],
    upload: { state: 'uploaded' },
  },
  'web-abnormal': { state: 'stopping', outcome: null, recorderUids: ['900003'] },
};

const FINDINGS: Record<string, string[]> = {
  'start-lost': ['start_notice_lost'],
  failover: ['failover'],
  'web-abnormal': ['web_recorder_stopped'],
};

describe.each(SAMPLES.scenarios)('the scenario $id', ({ id, notifications, eventTypes }) => {
  const bodies = notifications?.map(sampleNotification) ?? observedOrder(eventTypes ?? []);
  const inOrder = sessionOf(deliver(bodies));

  it('becomes the session that it tells of', () => {
    expect(inOrder).toMatchObject(EXPECTED[id] ?? { state: 'missing from the table' });
    const codes = inOrder.findings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(FINDINGS[id] ?? []));
  });

  it('is the same session reversed, shuffled and doubled', () => {
    const random = createRandom(3, id);
    const shuffle = (): unknown[] =>
      bodies
        .map((body) => ({ body, rank: random.next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ body }) => body);
    const orders = [[...bodies].reverse(), ...Array.from({ length: 20 }, shuffle)];
    for (const order of [...orders, [...bodies, ...bodies], [...bodies, ...shuffle()]]) {
      expect(truthOf(sessionOf(deliver(order)))).toEqual(truthOf(inOrder));
    }
  });

  it('has one timeline and one list of files, in whatever order it came', () => {
    const backwards = deliver([...bodies].reverse());
    const kinds = (evidence: readonly Evidence[]) =>
      buildTimeline(evidence).map(({ kind, sequence }) => [kind, sequence]);
    const files = (evidence: readonly Evidence[]) =>
      mergeFiles(evidence.flatMap(filesNamedBy)).map(({ firstSeenMs: _, ...file }) => file);
    expect(kinds(backwards)).toEqual(kinds(deliver(bodies)));
    expect(files(backwards)).toEqual(files(deliver(bodies)));
  });
});

it('a timeline is by sequence within one sender, and by time between senders', () => {
  const notice = (uid: string, sequence: number, second: number): unknown => ({
    noticeId: `${uid}-${String(sequence)}`,
    productId: 3,
    eventType: 43,
    notifyMs: 1,
    payload: {
      sid: 's',
      uid,
      sequence,
      sendts: 1_772_445_600_000 + second * 1000,
      serviceType: 1,
      details: { state: 0 },
    },
  });
  // The second number of sender 1 is dated before its first: a clock that was set back.
  const evidence = deliver([notice('2', 0, 15), notice('1', 1, 9), notice('1', 0, 10), notice('1', 2, 20)]);
  const order = buildTimeline(evidence).map(({ uid, sequence }) => `${String(uid)}/${String(sequence)}`);
  expect(order).toEqual(['1/0', '1/1', '2/0', '1/2']);
});

it('every sample alone becomes a session, and none of them is called over but by an exit', () => {
  for (const { id, body } of SAMPLES.notifications) {
    const notice = received(body, unixMs(FIRST_RECEIPT));
    if (notice === null) continue;
    const { state } = sessionOf([notice]);
    const isOver = state === 'ended' || state === 'failed';
    expect([id, isOver]).toEqual([id, notice.eventType === 11]);
  }
});
