export type EmbeddedPostgresErrorCode =
  | 'already_running'
  | 'binaries_missing'
  | 'folder_unusable'
  | 'moved'
  | 'no_user_to_run_as'
  | 'other_version'
  | 'start_failed';

/** Why the embedded Postgres cannot serve; the message is one line and ends with what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}
