/** What a query is for, most urgent first. The position in this list is its priority. */
export const QUERY_CLASSES = [
  'confirm_end',
  'confirm_start',
  'asked',
  'file_names',
  'trigger',
  'heartbeat_missed',
  'recheck',
  'confirm_report',
  'last_look',
  'routine',
] as const;
export type QueryClass = (typeof QUERY_CLASSES)[number];

export function priorityOf(queryClass: QueryClass): number {
  return QUERY_CLASSES.indexOf(queryClass);
}

/** Of a priority that no class has, which another release may have written: the least urgent. */
export function classOf(priority: number): QueryClass {
  return QUERY_CLASSES[priority] ?? 'routine';
}
