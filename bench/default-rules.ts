import { parseConfig, type Config } from '../src/config/parse-config.js';

/** The rules of a service that nobody has configured otherwise, but for the app that is measured. */
export function defaultRules(): Config['rules'] {
  const parsed = parseConfig({});
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return { ...parsed.config.rules, accountOf: () => 'account' };
}
