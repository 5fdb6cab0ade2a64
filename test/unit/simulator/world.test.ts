import { createHmac } from 'node:crypto';
import { decodeEvent } from '../../../src/agora/decode-event.js';
import { outcomeOfResponse } from '../../../src/agora/outcome-of-response.js';
import { parseNotification } from '../../../src/agora/parse-notification.js';
import { verifySignature } from '../../../src/agora/signature.js';
import { unixMs } from '../../../src/evidence/instant.js';
import { signatures } from '../../../src/simulator/notifier.js';
import { notificationBody, planDeliveries } from '../../../src/simulator/plan-deliveries.js';
import { planSession } from '../../../src/simulator/plan-session.js';
import { queryAnswerAt } from '../../../src/simulator/query-answer.js';
import { createRequestLog } from '../../../src/simulator/request-log.js';
import { createScoreKeeper } from '../../../src/simulator/score.js';
import type { SimulatedSession } from '../../../src/simulator/simulated-session.js';
import { USUAL_WORLD } from '../../../src/simulator/world-profile.js';
import { START } from '../../support/builders.js';

const plan = (seed: number, index: number): SimulatedSession =>
  planSession(seed, index, 'app', START, USUAL_WORLD, null);

const many = Array.from({ length: 400 }, (_, index) => plan(7, index));

describe('a world', () => {
  it('is the same for the same seed, deliveries included, and another for another', () => {
    const world = (seed: number) =>
      Array.from({ length: 20 }, (_, index) => {
        const session = plan(seed, index);
        return { session, deliveries: planDeliveries(session, USUAL_WORLD, seed) };
      });
    expect(world(1)).toEqual(world(1));
    expect(world(1)).not.toEqual(world(2));
  });

  it('does not change for a session when others are added', () => {
    expect(plan(7, 399)).toEqual(many[399]);
  });

  it('has every fate and mode, failovers, and lives about as long as asked for', () => {
    expect(new Set(many.map(({ fate }) => fate)).size).toBe(5);
    expect(new Set(many.map(({ mode }) => mode)).size).toBe(4);
    expect(many.some(({ failovers }) => failovers.length > 1)).toBe(true);
    const lives = many
      .filter(({ fate }) => fate === 'completed' || fate === 'crashed')
      .map(({ startMs, aliveUntilMs }) => aliveUntilMs - startMs);
    const mean = lives.reduce((sum, life) => sum + life, 0) / lives.length;
    expect(mean).toBeGreaterThan(USUAL_WORLD.meanLifeMs * 0.6);
    expect(mean).toBeLessThan(USUAL_WORLD.meanLifeMs * 1.4);
  });

  it('has web recordings that are paused, and pushed to addresses of which some are lost, as queries and events tell', () => {
    const webs = many.filter(({ mode }) => mode === 'web');
    const held = webs.find(({ parts }) => parts.holds.length > 0);
    const [hold] = held?.parts.holds ?? [];
    if (held === undefined || hold === undefined) throw new Error('nobody is ever paused');
    const at = (atMs: number): unknown => queryAnswerAt({ ...held, failovers: [] }, atMs).body;
    expect(JSON.stringify(at(hold.fromMs))).toContain('"onhold":true');
    expect(JSON.stringify(at(hold.toMs))).toContain('"onhold":false');
    const turns = webs.flatMap(({ parts }) => parts.outputs.flatMap((output) => output.turns));
    expect(new Set(turns.map(({ status }) => status)).size).toBe(4);
    const events = webs.flatMap(({ notices }) => notices.filter(({ eventType }) => eventType === 100));
    expect(events.length).toBeGreaterThan(turns.length / 2);
    for (const { parts, mode } of many) if (mode !== 'web') expect(parts.outputs).toEqual([]);
  });

  it('says nothing while a recording moves, and numbers what each recorder says from 0', () => {
    for (const { notices, failovers } of many) {
      for (const { atMs, backAtMs } of failovers) {
        const meanwhile = notices.filter(
          ({ occurredMs, eventType }) => occurredMs > atMs + 201 && occurredMs < backAtMs - 1 && eventType !== 12,
        );
        expect(meanwhile).toEqual([]);
      }
      for (const uid of new Set(notices.map((notice) => notice.uid))) {
        const numbers = notices.filter((notice) => notice.uid === uid).map(({ sequence }) => sequence);
        expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index));
      }
    }
  });

  it('loses, doubles and delays about as much as it is told to', () => {
    const profile = { ...USUAL_WORLD, loss: 0.2, exitLoss: 0, duplicates: 0.3 };
    const told = many.flatMap(({ notices }) => notices).length;
    const deliveries = many.flatMap((session) => planDeliveries(session, profile, 7));
    const events = new Set(deliveries.map(({ notice }) => notice)).size;
    expect(events / told).toBeCloseTo(0.8, 1);
    expect(deliveries.length / events).toBeCloseTo(1.3, 1);
    const late = deliveries.filter(({ atMs, notice }) => atMs - notice.occurredMs > 5_000).length;
    expect(late / deliveries.length).toBeCloseTo(profile.delayedShare, 1);
  });
});

describe('what a world sends', () => {
  it('is read by the service as it was meant', () => {
    for (const session of many.slice(0, 20)) {
      for (const delivery of planDeliveries(session, USUAL_WORLD, 7)) {
        const raw = Buffer.from(notificationBody(delivery, START));
        const parsed = parseNotification(raw, { appId: 'app', receivedMs: START });
        if (parsed.kind !== 'notice') throw new Error(parsed.kind);
        const { eventType, details, sid, uid } = parsed.envelope;
        expect({ sid, uid, eventType }).toEqual({
          sid: session.sid,
          uid: delivery.notice.uid,
          eventType: delivery.notice.eventType,
        });
        expect(decodeEvent(eventType, details).type).not.toBe('unknown');
      }
    }
  });

  it('is signed as Agora signs: its published vector comes out', () => {
    const body =
      '{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}';
    expect(signatures(body, 'secret')).toEqual({
      'agora-signature': '033c62f40f687675f17f0f41f91a40c71c0f134c',
      'agora-signature-v2': '6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99',
    });
    const v2 = createHmac('sha256', 'secret').update(body).digest('hex');
    expect(verifySignature(Buffer.from(body), { v1: undefined, v2 }, ['secret'])).toBe(0);
  });
});

describe('what a world answers', () => {
  const outcomeAt = (session: SimulatedSession, atMs: number) => {
    const { status, body } = queryAnswerAt(session, atMs);
    return outcomeOfResponse({ status, headers: {}, body: JSON.stringify(body), nowMs: unixMs(atMs) });
  };

  it('is 404 before, after, and while it moves; else the status of the moment', () => {
    for (const session of many) {
      const { startMs, readyMs, aliveUntilMs, failovers, fate } = session;
      expect(outcomeAt(session, startMs - 1).kind).toBe('not_found');
      expect(outcomeAt(session, aliveUntilMs + 1).kind).toBe('not_found');
      for (const { atMs, backAtMs } of failovers) {
        expect(outcomeAt(session, (atMs + backAtMs) / 2).kind).toBe('not_found');
        expect(outcomeAt(session, backAtMs + 1).kind).toBe('answered');
      }
      if (fate === 'completed' && failovers.length === 0 && aliveUntilMs - readyMs > 60_000) {
        const told = outcomeAt(session, readyMs + 1);
        const working = session.mode === 'web' ? 4 : 5;
        expect(told).toMatchObject({ kind: 'answered', answer: { status: working } });
      }
    }
  });
});

describe('the log of queries', () => {
  it('counts any sliding second of an account, and what is over its limit', () => {
    const log = createRequestLog(3);
    const within = [0, 500, 999, 1_000, 1_001, 1_499].map((atMs) => log.arrived('a', atMs));
    expect(within).toEqual([true, true, true, true, false, false]);
    expect(log.arrived('b', 1_499)).toBe(true);
    expect({ worst: log.worstSecond(), over: log.overLimit(), total: log.total() }).toEqual({
      worst: 5,
      over: 2,
      total: 7,
    });
  });
});

describe('the score', () => {
  const session = many.find(({ fate }) => fate === 'crashed');
  if (session === undefined) throw new Error('no crash in 400 sessions');
  const over = session.aliveUntilMs;
  const change = (atMs: number, state: string, outcome: string | null) => ({ sid: session.sid, atMs, state, outcome });
  const keeperOf = (...changes: ReturnType<typeof change>[]) => {
    const keeper = createScoreKeeper();
    keeper.started(session);
    for (const each of changes) keeper.changed(each);
    return keeper;
  };

  it('sees an end that is called too early, and one that was never found', () => {
    const early = keeperOf(change(over - 5_000, 'ended', 'vanished'));
    expect(early.score(over + 1_000_000, 200_000)).toMatchObject({ wrongEnds: 1, forgotten: 0 });
    const never = keeperOf(change(session.startMs, 'recording', null));
    expect(never.score(over + 100_000, 200_000)).toMatchObject({ forgotten: 0 });
    expect(never.score(over + 200_000, 200_000)).toMatchObject({ forgotten: 1, wrongEnds: 0 });
  });

  it('measures how long the truth took, and sees an outcome that cannot be', () => {
    const found = keeperOf(change(over + 90_000, 'ended', 'vanished'));
    expect(found.score(over + 1_000_000, 200_000)).toMatchObject({
      wrongOutcomes: 0,
      timeToTruth: { p50: 90_000, max: 90_000 },
    });
    const mistaken = keeperOf(change(over + 90_000, 'ended', 'completed'));
    expect(mistaken.score(over + 1_000_000, 200_000)).toMatchObject({ wrongOutcomes: 1 });
  });
});
