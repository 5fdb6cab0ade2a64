/**
 * Where a recording is uploaded to, as `start` was told. Keys and tokens of it are never read.
 * Ours: docs/agora.md#pass-through
 */
export type RecordingStorage = {
  vendor: number | null;
  region: number | null;
  bucket: string | null;
  /** The folders of `fileNamePrefix`, outermost first. */
  prefix: readonly string[];
};
