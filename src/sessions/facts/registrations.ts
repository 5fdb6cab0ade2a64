import type { UnixMs } from '../../evidence/instant.js';
import type { Registration, StartCall } from '../../evidence/registration.js';

/**
 * The mergeable summary of a session's registrations: the first one, the latest replacement, and for each
 * optional field the latest addition. It is the latest because an addition belongs to the registration before
 * it, and a replacement overrides the earlier ones.
 */
export type RegistrationFacts = {
  first: Registration | null;
  replacement: Registration | null;
  startedMs: { value: UnixMs; receivedMs: UnixMs } | null;
  resourceExpiredHour: { value: number; receivedMs: UnixMs } | null;
  /** What the session's own `start` told, where it was passed on: it counts whatever was registered beside. */
  startCall?: { value: StartCall; receivedMs: UnixMs };
};

export const NO_REGISTRATIONS: RegistrationFacts = {
  first: null,
  replacement: null,
  startedMs: null,
  resourceExpiredHour: null,
};

/** The ledger gives no two registrations of a session the same time of receipt. */
export function addRegistration(before: RegistrationFacts, told: Registration): RegistrationFacts {
  const { receivedMs } = told;
  const known = withStartCall(before, told);
  if (told.replaces) return { ...known, replacement: latest(known.replacement, told) };
  const isEarlier = known.first === null || receivedMs < known.first.receivedMs;
  return {
    ...known,
    first: isEarlier ? told : known.first,
    startedMs: latest(known.startedMs, addition(told.startedMs, receivedMs)),
    resourceExpiredHour: latest(known.resourceExpiredHour, addition(told.resourceExpiredHour, receivedMs)),
  };
}

function withStartCall(known: RegistrationFacts, { startCall, receivedMs }: Registration): RegistrationFacts {
  const told = latest(known.startCall ?? null, addition(startCall ?? null, receivedMs));
  return told === null ? known : { ...known, startCall: told };
}

function addition<T>(value: T | null, receivedMs: UnixMs): { value: T; receivedMs: UnixMs } | null {
  return value === null ? null : { value, receivedMs };
}

function latest<T extends { receivedMs: UnixMs }>(a: T | null, b: T | null): T | null {
  if (a === null || b === null) return a ?? b;
  return a.receivedMs >= b.receivedMs ? a : b;
}

/** The registration in force: the newest replacement, or else the first one, with what was added to it since. */
export function registrationInForce(known: RegistrationFacts): Registration | null {
  const base = latest(known.replacement, known.first);
  if (base === null) return null;
  const since = <T>(told: { value: T; receivedMs: UnixMs } | null): T | null =>
    told !== null && told.receivedMs > base.receivedMs ? told.value : null;
  return {
    ...base,
    startedMs: base.startedMs ?? since(known.startedMs),
    resourceExpiredHour: base.resourceExpiredHour ?? since(known.resourceExpiredHour),
    ...(known.startCall === undefined ? {} : { startCall: known.startCall.value }),
  };
}

/** The summary for facts of an older release, which know one registration only. */
export function registrationFactsOf(only: Registration | null): RegistrationFacts {
  return only === null ? NO_REGISTRATIONS : addRegistration(NO_REGISTRATIONS, { ...only, replaces: false });
}

/** The fields in which two registrations can differ. */
const FIELDS = ['appId', 'resourceId', 'mode', 'cname', 'uid', 'startedMs', 'resourceExpiredHour'] as const;

export type RegistrationField = (typeof FIELDS)[number];

/** The result of comparing a registration with the one in force. `fields`: those in which it contradicts it. */
export type Registered =
  { kind: 'created' | 'added' | 'replaced' | 'same' } | { kind: 'contradicts'; fields: readonly RegistrationField[] };

/**
 * Compares a registration with the one in force. A field that either leaves out contradicts nothing. A
 * replacement with equal content is nothing new, so that a request can be repeated. When a passed-on `start` was
 * called is measured here, and its caller's own clock says something else: no contradiction.
 */
export function compareRegistrations(inForce: Registration | null, told: Registration): Registered {
  if (inForce === null) return { kind: 'created' };
  if (told.replaces) return { kind: isEqual(inForce, told) ? 'same' : 'replaced' };
  const isMeasured = inForce.startCall !== undefined || told.startCall !== undefined;
  const fields = FIELDS.filter(
    (field) => inForce[field] !== null && told[field] !== null && inForce[field] !== told[field],
  ).filter((field) => !(isMeasured && field === 'startedMs'));
  if (fields.length > 0) return { kind: 'contradicts', fields };
  const tellsStart = inForce.startCall === undefined && told.startCall !== undefined;
  const adds = tellsStart || FIELDS.some((field) => inForce[field] === null && told[field] !== null);
  return { kind: adds ? 'added' : 'same' };
}

function isEqual(a: Registration, b: Registration): boolean {
  return FIELDS.every((field) => a[field] === b[field]);
}
