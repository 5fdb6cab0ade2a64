/** What all names of metrics begin with. */
export const PREFIX = 'recording_ledger_';
