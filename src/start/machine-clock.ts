import { readFileSync, readlinkSync } from 'node:fs';
import type { MachineClock } from '../db/connection/clock-origins.js';

/**
 * The monotonic clock that all processes of this machine share until it reboots. Null where the system does
 * not identify its boots; Linux does.
 */
export function machineClock(): MachineClock | null {
  try {
    const started = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const id = `${started} ${readlinkSync('/proc/self/ns/time')}`;
    return { id, aheadMs: Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now() };
  } catch {
    return null;
  }
}
