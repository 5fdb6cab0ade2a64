import type { RecordingStorage } from '../../evidence/recording-storage.js';

/**
 * The full name of a file in the bucket. Some sources name a file with its folders and others without them.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files
 */
export function objectKey({ prefix }: RecordingStorage, name: string): string {
  const folder = prefix.length === 0 ? '' : `${prefix.join('/')}/`;
  return name.startsWith(folder) ? name : `${folder}${name}`;
}
