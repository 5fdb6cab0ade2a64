/** Whether Postgres answered with an error, so that nothing of the statement was done. */
export function isAnswered(error: unknown): boolean {
  return sqlState(error) !== null;
}

/**
 * Postgres said no to the content (classes 22, 23 and 54), or asks to try it again alone (40: a
 * deadlock), as opposed to being away, full or too busy.
 */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|40|54)/.test(sqlState(error) ?? '');
}

function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
