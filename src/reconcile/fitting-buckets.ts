import type { RecordingStorage } from '../evidence/recording-storage.js';

/** Where recordings may lie. `appIds`: null for those of every app. `prefix`: the folder of which nobody told another. */
export type KnownBucket = { name: string; bucket: string; appIds: readonly string[] | null; prefix: string };

/** The buckets in which a session's files may be: those of its app, and of these the one that `start` named. */
export function fittingBuckets(
  buckets: readonly KnownBucket[],
  appId: string | null,
  storage: RecordingStorage | null,
): readonly KnownBucket[] {
  const ofApp = buckets.filter(({ appIds }) => appIds === null || (appId !== null && appIds.includes(appId)));
  const named = storage?.bucket ?? null;
  return named === null ? ofApp : ofApp.filter(({ bucket }) => bucket === named);
}
