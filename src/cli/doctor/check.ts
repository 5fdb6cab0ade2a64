/** What was looked at, how it is, what was found, and what to do about it; null where there is nothing to do. */
export type Check = {
  check: string;
  status: 'ok' | 'warning' | 'failed';
  found: string;
  advice: string | null;
};

/** One after another, as they are found out. */
export type Checks = AsyncGenerator<Check, void>;

export function fine(check: string, found: string): Check {
  return { check, status: 'ok', found, advice: null };
}

/** The service works, and something about it is not as it should be, or could not be looked at. */
export function warning(check: string, found: string, advice: string): Check {
  return { check, status: 'warning', found, advice };
}

export function failed(check: string, found: string, advice: string): Check {
  return { check, status: 'failed', found, advice };
}

/** A check as one line. */
export function lineOf({ check, status, found, advice }: Check): string {
  return `${status.padEnd(7)}  ${check}: ${found}${advice === null ? '' : ` – ${advice}`}`;
}
