import { isNativeError } from 'node:util/types';

/**
 * Whether Postgres answered with an error that means nothing of the statement was done. A closed connection
 * (08, 57P) or a failure of Postgres itself (53, 58, XX: for instance a full disk under its log) does not
 * prove that: it may come between a commit and its answer.
 */
export function isKnownUndone(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && !/^(08|53|57P|58|XX)/.test(state);
}

/**
 * Postgres rejected the content (classes 22, 23 and 54), or asks to try the statement again alone (40: a
 * deadlock), as opposed to being away, full or too busy.
 */
export function isStatementRejected(error: unknown): boolean {
  return isDataError(error) || /^40/.test(sqlState(error) ?? '');
}

/** Postgres rejected the content and will reject it again. */
export function isDataError(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}

/**
 * Whether the same statement may succeed a moment later: Postgres is away, busy, full or read-only, or hit a
 * deadlock.
 */
export function isTransientError(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(08|25|40|53|55|57|58)/.test(state);
  return isNativeError(error) && 'code' in error; // a system error such as ECONNREFUSED
}

/** Whether a lock was held by another transaction for longer than the lock timeout. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

/** Whether our role may not do what was asked. */
export function isInsufficientPrivilege(error: unknown): boolean {
  return sqlState(error) === '42501';
}

/** Whether a connection was refused because of a wrong password or a missing database. */
export function isPermanentRefusal(error: unknown): boolean {
  return /^(28|3D)/.test(sqlState(error) ?? '');
}

/**
 * Whether Postgres is reachable and will allow a start later: it is read-only, locked, full, starting up, or
 * out of connections. Wrapped errors count too.
 */
export function isUnavailableForNow(error: unknown): boolean {
  if (/^(25|40|53|55|57)/.test(sqlState(error) ?? '')) return true;
  return isNativeError(error) && isUnavailableForNow(error.cause);
}

function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
