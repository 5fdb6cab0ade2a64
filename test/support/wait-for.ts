import { setTimeout as delay } from 'node:timers/promises';

export type WaitOptions = {
  deadlineMs: number;
  /** What is waited for, for the message of a test that fails here. */
  what?: string;
};

const LOOK_EVERY_MS = 10;

/**
 * Waits until `condition` gives something other than false, null or undefined, and returns that.
 * Throws at the deadline, with the last error of the condition if it threw.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs, what = 'the condition' }: WaitOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const look = await lookAt(condition);
    if (isSomething(look.result)) return look.result;
    if (performance.now() > deadline) {
      throw new Error(`Waited ${deadlineMs} ms in vain for ${what}.`, { cause: look.error });
    }
    await delay(LOOK_EVERY_MS);
  }
}

async function lookAt<T>(condition: () => T | Promise<T>): Promise<{ result: T | null; error: unknown }> {
  try {
    return { result: await condition(), error: null };
  } catch (error) {
    return { result: null, error };
  }
}

function isSomething<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}
