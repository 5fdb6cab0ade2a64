import { readFileSync } from 'node:fs';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { FACTS_SHAPE, noFacts, type SessionFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { upgradeFacts } from '../../../src/sessions/facts/upgrade-facts.js';
import { planQuery } from '../../../src/reconcile/plan-query.js';
import { aNotice, RULES, SID, START } from '../../support/builders.js';

/** As the first release wrote them: two recorders, an error, a 400, an exit and a 404. */
const FIRST = JSON.parse(
  readFileSync(new URL('../../fixtures/facts-before-shapes.json', import.meta.url), 'utf8'),
) as SessionFacts;

describe('facts of an earlier release', () => {
  const upgraded = upgradeFacts(FIRST);

  it('read as the same session', () => {
    expect(conclude(upgraded, RULES).session).toMatchObject({
      state: 'ended',
      outcome: 'completed',
      recorderUids: ['1', '77'],
      upload: { state: 'backed_up', progress: 0.5 },
      notices: { events: 10 },
      gaps: { open: 0, settledByQuery: 2 },
    });
  });

  it('have every field of today, and cause a fold from scratch', () => {
    expect(Object.keys(upgraded).sort()).toEqual(expect.arrayContaining(Object.keys(noFacts(SID)).sort()));
    expect(upgraded.shape).not.toBe(FACTS_SHAPE);
  });

  it('can be folded and planned with meanwhile', () => {
    const late = aNotice(305, { type: 'uploaded', status: 0, uploadingStatus: null, files: [] }, { uid: '77' });
    const facts = fold(upgraded, [late]);
    expect(conclude(facts, RULES).session.upload.state).toBe('uploaded');
    expect(planQuery(facts, null, RULES)).not.toBeNull();
  });

  it('are without stream keys, which those of the second shape held', () => {
    const { services: _services, ...second } = noFacts(SID);
    const incident = { kind: 'cdn_disconnected', subject: 'rtmp://h/app/k1', atMs: START, lastMs: START } as const;
    const told = upgradeFacts({ ...second, shape: 2, incidents: [incident] });
    expect(told).toMatchObject({ shape: 2, services: [], incidents: [{ subject: 'rtmp://h/app/…' }] });
  });

  it('are left as they are where they are of today', () => {
    const facts = noFacts(SID);
    expect(upgradeFacts(facts)).toBe(facts);
  });
});
