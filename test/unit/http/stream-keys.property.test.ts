import fc from 'fast-check';
import { maskStreamKeysIn } from '../../../src/agora/mask-stream-keys.js';
import { noticeOf } from '../../../src/agora/notice-from-raw.js';
import { outcomeOfResponse } from '../../../src/agora/outcome-of-response.js';
import { parseNotification } from '../../../src/agora/parse-notification.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { unixMs } from '../../../src/evidence/instant.js';
import { explanationResponse } from '../../../src/http/api/history-response.js';
import { sessionResponse } from '../../../src/http/api/session-response.js';
import { observationResponse, timelineEntry } from '../../../src/http/api/timeline-response.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { explain } from '../../../src/sessions/views/explain.js';
import { inferences } from '../../../src/sessions/views/inferences.js';
import { buildTimeline } from '../../../src/sessions/views/timeline.js';
import { anObservation, at, RULES, SID } from '../../support/builders.js';

const key = fc.stringMatching(/^[A-Za-z0-9._~-]{10,20}$/).map((text) => `K${text}`);

const address = fc
  .tuple(fc.constantFrom('rtmp', 'rtmps'), fc.constantFrom('', '/live', '/a/b'), fc.constantFrom('', '/', '?x=1'))
  .map(
    ([scheme, path, behind]) =>
      (secret: string) =>
        `${scheme}://cdn.example.net${path}/${secret}${behind}`,
  );

const status = fc.constantFrom('connecting', 'publishing', 'onhold', 'disconnected', 'novel');

/** Every place of a notification in which Agora might tell an address. */
const details = (told: string, word: string): readonly (readonly [number, object])[] => [
  [100, { msgName: 'rtmp_publish_status', rtmpUrl: told, status: word }],
  [1, { module: 0, errorLevel: 5, errorCode: 9, errorMsg: `push to ${told} failed` }],
  [71, { code: 6, message: told, details: `lost ${told}` }],
  [72, { limitType: told }],
  [73, { reason: told }],
  [778, { rtmpUrl: told, nested: [{ to: told, [told]: 1, text: `at ${told}, then` }] }],
];

const bodies = (told: string, word: string): readonly (readonly [number, object])[] => [
  [200, answer({ outputs: [{ rtmpUrl: told, status: word }] })],
  [400, { code: 2, reason: `bad ${told}` }],
];

function answer(payload: object): object {
  const services = [{ serviceName: 'rtmp_publish_service', payload }];
  return { serverResponse: { status: 4, extensionServiceState: services } };
}

function notices(told: string, word: string): readonly { raw: string; evidence: Evidence }[] {
  return details(told, word).map(([eventType, said], index) => {
    const payload = {
      cname: 'page',
      uid: '1',
      sid: SID,
      sequence: index,
      sendts: at(index),
      serviceType: 6,
      details: said,
    };
    const raw = JSON.stringify({ noticeId: String(index), productId: 3, eventType, notifyMs: at(index), payload });
    const receipt = { appId: 'app', receivedMs: at(index + 1) };
    const parsed = parseNotification(Buffer.from(raw), receipt);
    if (parsed.kind !== 'notice') throw new Error('the notification cannot be read');
    return { raw, evidence: noticeOf(parsed.envelope, receipt, parsed.envelope.eventKey) };
  });
}

function observations(told: string, word: string): readonly { raw: string; evidence: Evidence }[] {
  return bodies(told, word).map(([code, body], index) => {
    const raw = JSON.stringify(body);
    const outcome = outcomeOfResponse({ status: code, headers: {}, body: raw, nowMs: unixMs(0) });
    return { raw, evidence: anObservation(20 + index, outcome) };
  });
}

/** Everything that is stored of a session beside its evidence, or answered about it. */
function shown(evidence: readonly Evidence[]): string {
  const facts = fold(noFacts(SID), evidence);
  const { session } = conclude(facts, RULES);
  const published = { session: { ...session, endKnownMs: null }, version: 1, updatedMs: at(9) };
  return JSON.stringify([
    facts,
    published,
    sessionResponse(published, at(9), RULES),
    buildTimeline(evidence, inferences(facts, RULES)).map(timelineEntry),
    evidence.flatMap((piece) => (piece.kind === 'observation' ? [observationResponse(piece)] : [])),
    explain(facts, RULES).map(explanationResponse),
  ]);
}

it('no stream key is in anything that is answered, nor in a masked body', () => {
  fc.assert(
    fc.property(key, address, status, (secret, addressOf, word) => {
      const told = [...notices(addressOf(secret), word), ...observations(addressOf(secret), word)];
      const text = shown(told.map(({ evidence }) => evidence));
      expect(text).not.toContain(secret);
      expect(text).toContain('cdn.example.net');
      for (const { raw } of told) {
        expect(raw).toContain(secret);
        expect(maskStreamKeysIn(raw)).not.toContain(secret);
        expect(() => JSON.parse(maskStreamKeysIn(raw)) as unknown).not.toThrow();
      }
    }),
  );
});
