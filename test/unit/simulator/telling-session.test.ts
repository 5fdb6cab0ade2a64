import { tellingSession, type SessionKept } from '../../../src/simulator/telling-session.js';

function kept(sid: string, changes: Partial<SessionKept> = {}, lifeMs = 1_000): SessionKept {
  return {
    session: { sid, fate: 'completed', startMs: 0, aliveUntilMs: lifeMs, failovers: [] },
    exitHeard: true,
    knownMs: lifeMs + 500,
    outcome: 'completed',
    ...changes,
  };
}

const VANISHED = { exitHeard: false, outcome: 'vanished', knownMs: 5_000 };

describe('the session that is shown', () => {
  it('is one whose end nobody told and that is known to be over, the longest of them', () => {
    const all = [kept('told'), kept('short', VANISHED), kept('long', VANISHED, 2_000)];
    expect(tellingSession(all)).toEqual({
      sid: 'long',
      why: 'It ended, and every notification of that was lost; queries found the end 3.0 s after it happened.',
      isVanished: true,
    });
  });

  it('is any that ended where none vanished, and any at all where none has ended', () => {
    const open = kept('open', { knownMs: null, outcome: null });
    expect(tellingSession([open, kept('told')])).toMatchObject({ sid: 'told', isVanished: false });
    expect(tellingSession([open])).toMatchObject({ sid: 'open' });
    expect(tellingSession([])).toBeNull();
  });
});
