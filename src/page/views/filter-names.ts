/** The filters of the list of sessions, as its addresses name them; those with `choices` have no other values. */
export type Filter = { name: string; label: string; choices?: readonly string[]; kind?: 'moment' };

export const FILTERS: readonly Filter[] = [
  { name: 'q', label: 'Sid or channel' },
  { name: 'state', label: 'State', choices: ['registered', 'starting', 'recording', 'stopping', 'ended', 'failed'] },
  { name: 'outcome', label: 'Outcome', choices: ['completed', 'vanished', 'abnormal_exit', 'never_started'] },
  { name: 'certainty', label: 'Certainty', choices: ['reported', 'observed', 'confirmed'] },
  { name: 'mode', label: 'Mode', choices: ['individual', 'mix', 'web', 'raw'] },
  {
    name: 'upload',
    label: 'Upload',
    choices: ['unknown', 'uploading', 'uploaded', 'backed_up', 'stranded', 'failed'],
  },
  { name: 'hasGaps', label: 'Gaps', choices: ['true', 'false'] },
  { name: 'queryable', label: 'Can be asked about', choices: ['true', 'false'] },
  { name: 'finding', label: 'Finding (code)' },
  { name: 'appId', label: 'App' },
  { name: 'cname', label: 'Channel' },
  { name: 'uid', label: 'uid' },
  { name: 'resourceId', label: 'Resource id' },
  { name: 'serviceStatus', label: 'Last status' },
  { name: 'startedFrom', label: 'Started from', kind: 'moment' },
  { name: 'startedTo', label: 'Started before', kind: 'moment' },
  { name: 'endedFrom', label: 'Ended from', kind: 'moment' },
  { name: 'endedTo', label: 'Ended before', kind: 'moment' },
  { name: 'updatedAfter', label: 'Changed after', kind: 'moment' },
  { name: 'order', label: 'Order', choices: ['newest', 'oldest', 'updated'] },
];

export const FILTER_NAMES: ReadonlySet<string> = new Set(FILTERS.map(({ name }) => name));
