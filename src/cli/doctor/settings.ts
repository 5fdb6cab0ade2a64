import type { Config } from '../../config/parse-config.js';
import { failed, fine, warning, type Check } from './check.js';

const OLDEST_NODE = [20, 19] as const;

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (isNewEnough) return fine('Node', version);
  return failed('Node', version, `use ${OLDEST_NODE.join('.')} or later`);
}

/** One for each wrong setting; `problem` begins with its name. */
export function wrongSetting(problem: string): Check {
  const [name = '', ...rest] = problem.split(': ');
  const [found = '', ...example] = rest.join(': ').split('; for example ');
  return failed(
    'setting',
    `${name} ${found}`,
    example.length === 0 ? `correct ${name}` : `for example ${example.join('; for example ')}`,
  );
}

/** What may be configured and yet cannot work. */
export function checkApps({ accounts }: Config): Check[] {
  const apps = accounts.flatMap((account) => account.apps);
  if (apps.length === 0) {
    const advice =
      'set AGORA_APP_ID, AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET and AGORA_NCS_SECRET, or AGORA_CONFIG_FILE';
    return [failed('apps', 'no app is configured', advice)];
  }
  const mute = apps.filter(({ ncsSecrets }) => ncsSecrets.length === 0).map(({ appId }) => appId);
  const found = `${String(accounts.length)} account(s), ${String(apps.length)} app(s)`;
  if (mute.length === 0) return [fine('apps', found)];
  const advice = 'configure the secret of its notifications (console, Notifications); without it all are refused';
  return [warning('apps', `${found}; no secret for ${mute.join(', ')}`, advice)];
}
