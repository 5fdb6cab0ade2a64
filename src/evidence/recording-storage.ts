/**
 * Where a recording is uploaded to, as `start` was told. Keys and tokens of it are never read.
 * @see https://docs.agora.io/en/cloud-recording/reference/restful-api (read 2026-07); docs/agora.md#pass-through
 */
export type RecordingStorage = {
  vendor: number | null;
  region: number | null;
  bucket: string | null;
  /** The folders of `fileNamePrefix`, outermost first. */
  prefix: readonly string[];
};
