import type { NoticeRow } from '../db/store-notices.js';
import type { QuarantineRow } from '../db/store-quarantine.js';

/** What the receiver took in: a notification that was read, or a body that nobody could read. */
export type Incoming =
  { kind: 'notice'; row: NoticeRow } | { kind: 'unreadable'; row: QuarantineRow };
