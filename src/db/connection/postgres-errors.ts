import { isNativeError } from 'node:util/types';

/**
 * Whether Postgres answered with an error, so that nothing of the statement was done. That it throws
 * somebody out (08, 57P), or breaks down itself (53, 58, XX: a full disk under its log), says nothing
 * about it: that may come between a commit and its answer.
 */
export function isKnownUndone(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && !/^(08|53|57P|58|XX)/.test(state);
}

/**
 * Postgres said no to the content (classes 22, 23 and 54), or asks to try it again alone (40: a
 * deadlock), as opposed to being away, full or too busy.
 */
export function isStatementRejected(error: unknown): boolean {
  return isDataError(error) || /^40/.test(sqlState(error) ?? '');
}

/** Postgres said no to the content, and will say so again. */
export function isDataError(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}

/**
 * Whether the same may well succeed a moment later: Postgres is away, busy, full, read-only or in the
 * way of itself.
 */
export function isTransientError(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(08|25|40|53|55|57|58)/.test(state);
  return isNativeError(error) && 'code' in error; // a system's: ECONNREFUSED and its like
}

/** Whether somebody else held what was needed for longer than there was patience. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

/** Whether our role may not do what was asked. */
export function isInsufficientPrivilege(error: unknown): boolean {
  return sqlState(error) === '42501';
}

/** Whether a connection was refused for a wrong password or a database that does not exist. */
export function isPermanentRefusal(error: unknown): boolean {
  return /^(28|3D)/.test(sqlState(error) ?? '');
}

/**
 * Whether Postgres is there and will let us start later: it is read-only, locked, full, starting up, or
 * has no connection to spare. What was wrapped counts too.
 */
export function isUnavailableForNow(error: unknown): boolean {
  if (/^(25|40|53|55|57)/.test(sqlState(error) ?? '')) return true;
  return isNativeError(error) && isUnavailableForNow(error.cause);
}

function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
