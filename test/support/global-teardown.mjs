import { rm } from 'node:fs/promises';

export default async function globalTeardown() {
  const { folder, guard, postgres, redis } = globalThis.recordingLedgerTests;
  await postgres?.stop();
  await redis?.stop();
  guard.dismiss();
  await rm(folder, { recursive: true, force: true });
}
