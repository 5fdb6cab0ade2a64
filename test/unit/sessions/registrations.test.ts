import fc from 'fast-check';
import type { Registration } from '../../../src/evidence/registration.js';
import {
  addRegistration,
  compareRegistrations,
  NO_REGISTRATIONS,
  registrationInForce,
} from '../../../src/sessions/facts/registrations.js';
import { aRegistration, at } from '../../support/builders.js';

function inForce(...told: readonly Registration[]): Registration | null {
  return registrationInForce(told.reduce(addRegistration, NO_REGISTRATIONS));
}

const bare = { startedMs: null, resourceExpiredHour: null };
const first = aRegistration({ ...bare, receivedMs: at(1) });

/** Several registrations of one session, in the order in which they were received. */
const registrations = fc
  .array(
    fc.record({
      replaces: fc.boolean(),
      resourceId: fc.constantFrom('a', 'b', 'c'),
      startedMs: fc.option(fc.constantFrom(at(0), at(10))),
      resourceExpiredHour: fc.option(fc.constantFrom(1, 2)),
    }),
    { maxLength: 8 },
  )
  .map((told) => told.map((fields, n) => aRegistration({ ...fields, receivedMs: at(n) })));

describe('the registration in force', () => {
  it('is the first one, with what was added to it later', () => {
    const started = aRegistration({ ...bare, startedMs: at(0), receivedMs: at(2) });
    const hours = aRegistration({ ...bare, resourceExpiredHour: 5, receivedMs: at(3) });
    expect(inForce(first, started, hours)).toEqual({ ...first, startedMs: at(0), resourceExpiredHour: 5 });
  });

  it('is the newest that replaces, without what was added before it', () => {
    const added = aRegistration({ ...bare, resourceExpiredHour: 5, receivedMs: at(2) });
    const wrong = aRegistration({ ...bare, resourceId: 'wrong', receivedMs: at(3), replaces: true });
    const right = aRegistration({ ...bare, resourceId: 'right', receivedMs: at(4), replaces: true });
    expect(inForce(first, added, wrong, right)).toEqual(right);
    const hours = aRegistration({ ...right, resourceExpiredHour: 7, receivedMs: at(5), replaces: false });
    expect(inForce(first, added, wrong, right, hours)).toEqual({
      ...right,
      resourceExpiredHour: 7,
    });
  });

  it('is the same in any order, and however often each is told', () => {
    const shuffled = registrations.chain((told) =>
      fc.tuple(fc.constant(told), fc.shuffledSubarray([...told, ...told], { minLength: told.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([told, another]) => {
        const expected = told.reduce(addRegistration, NO_REGISTRATIONS);
        expect(another.reduce(addRegistration, NO_REGISTRATIONS)).toEqual(expected);
      }),
    );
  });

  it('is the same as adding them one after another', () => {
    fc.assert(
      fc.property(registrations, (told) => {
        const [start, ...later] = told.map((one, n) => ({ ...one, replaces: n > 0 && one.replaces }));
        if (start === undefined) return;
        const expected = later.reduce(
          (known, one) =>
            one.replaces
              ? one
              : {
                  ...known,
                  startedMs: known.startedMs ?? one.startedMs,
                  resourceExpiredHour: known.resourceExpiredHour ?? one.resourceExpiredHour,
                },
          start,
        );
        const allowed = later.every(
          (one, n) =>
            one.replaces || compareRegistrations(inForce(start, ...later.slice(0, n)), one).kind !== 'contradicts',
        );
        if (allowed) expect(inForce(start, ...later)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is told of a registered session', () => {
  const told = aRegistration({ ...bare, startedMs: at(0) });

  it('contradicts in the fields that both have, with different values', () => {
    const other = aRegistration({ resourceId: 'other', uid: '2', startedMs: at(9) });
    expect(compareRegistrations(first, other)).toEqual({ kind: 'contradicts', fields: ['resourceId', 'uid'] });
  });

  it('adds what had been left out, or is the same', () => {
    expect(compareRegistrations(null, first)).toEqual({ kind: 'created' });
    expect(compareRegistrations(first, told)).toEqual({ kind: 'added' });
    expect(compareRegistrations(told, first)).toEqual({ kind: 'same' });
  });

  it('is replaced by anything that differs, also by one with fewer fields', () => {
    const replacing = { ...told, replaces: true };
    expect(compareRegistrations(told, replacing)).toEqual({ kind: 'same' });
    expect(compareRegistrations(told, { ...replacing, startedMs: null })).toEqual({ kind: 'replaced' });
    expect(compareRegistrations(null, replacing)).toEqual({ kind: 'created' });
  });
});
