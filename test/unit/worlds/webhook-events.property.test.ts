import fc from 'fast-check';
import type { Session } from '../../../src/sessions/verdict/session.js';
import { changedPaths } from '../../../src/sessions/views/changed-paths.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import {
  eventsOf,
  followEvents,
  newFindings,
  toldState,
  type SessionEvent,
  type ToldState,
} from '../../../src/sessions/views/webhook-events.js';
import { RULES } from '../../support/builders.js';
import { liveVirtually } from '../../support/virtual-session.js';
import { worlds, type World } from '../../support/worlds/moves.js';

const RUNS = { numRuns: 300 };

/** The versions of a session as the ledger makes them: those that say something new. */
function versionsIn(world: World): Session[] {
  const versions: Session[] = [];
  for (const { facts } of liveVirtually(world).versions) {
    const { session } = conclude(facts, RULES);
    if (changedPaths(versions.at(-1) ?? null, session).length > 0) versions.push(session);
  }
  return versions;
}

function withTypes(
  versions: readonly Session[],
): { before: Session | null; after: Session; types: readonly SessionEvent[] }[] {
  return versions.map((after, n) => {
    const before = versions[n - 1] ?? null;
    return { before, after, types: eventsOf(before, after) };
  });
}

describe('the types of a version', () => {
  it('give the state of a session to whoever follows them, in every world', () => {
    const seen = new Set<SessionEvent>();
    fc.assert(
      fc.property(worlds, (world) => {
        let told: ToldState | null = null;
        for (const { after, types } of withTypes(versionsIn(world))) {
          told = followEvents(told, types);
          expect(told).toBe(toldState(after.state));
          for (const type of types) seen.add(type);
        }
      }),
      RUNS,
    );
    expect([...seen]).toEqual(expect.arrayContaining(['session.started', 'session.ended', 'session.reopened']));
  });

  it('call a session reopened and confirmed exactly when it becomes that', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { before, after, types } of withTypes(versionsIn(world))) {
          const wasOver = before !== null && before.outcome !== null;
          expect(types.includes('session.reopened')).toBe(wasOver && after.outcome === null);
          const isNewlyConfirmed = after.certainty === 'confirmed' && before?.certainty !== 'confirmed';
          expect(types.includes('session.confirmed')).toBe(isNewlyConfirmed);
          expect(types.includes('session.finding')).toBe(newFindings(before, after).length > 0);
          expect(types).toContain('session.changed');
        }
      }),
      RUNS,
    );
  });
});
