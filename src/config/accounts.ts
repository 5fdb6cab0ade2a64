import { z } from 'zod';
import { jsonOrUndefined } from './json-or-undefined.js';

/** An Agora account: its credentials, its limit, and the apps whose sessions are paid from it. */
export type AccountConfig = {
  name: string;
  customerId: string;
  customerSecret: string;
  /** Queries a second that Agora allows the account. */
  qps: number;
  apps: readonly AppConfig[];
};

/** `qps`: queries a second that Agora allows this app, where it counts by app; null where it does not. */
export type AppConfig = { appId: string; ncsSecrets: readonly string[]; qps: number | null };

/** Maps an app to the account whose budget its queries use; null for an app that is not configured. */
export function accountOfApp(accounts: readonly AccountConfig[]): (appId: string) => string | null {
  const owners = new Map(accounts.flatMap(({ name, apps }) => apps.map(({ appId }) => [appId, name] as const)));
  return (appId) => owners.get(appId) ?? null;
}

/**
 * Maps an app to the scope in which its notifications are deduplicated: its account, named by the account's
 * first app, so that for a single app it is the app itself. An app that is not configured is its own scope.
 */
export function identityScopeOfApp(accounts: readonly AccountConfig[]): (appId: string) => string {
  const scopes = new Map(
    accounts.flatMap(({ apps }) => apps.map(({ appId }) => [appId, apps[0]?.appId ?? appId] as const)),
  );
  return (appId) => scopes.get(appId) ?? appId;
}

/** All that notifications of the configured apps are told apart in. */
export function identityScopesOf(accounts: readonly AccountConfig[]): readonly string[] {
  const scopeOf = identityScopeOfApp(accounts);
  return [...new Set(accounts.flatMap(({ apps }) => apps.map(({ appId }) => scopeOf(appId))))];
}

const text = z.string().min(1);

const accountsFile = z.object({
  accounts: z.array(
    z.object({
      name: text,
      customerId: text,
      customerSecret: text,
      qps: z.number().positive().optional(),
      apps: z
        .array(
          z.object({
            appId: text,
            ncsSecrets: z.array(text),
            qps: z.number().positive().optional(),
          }),
        )
        .min(1),
    }),
  ),
});

const EXAMPLE =
  '{"accounts":[{"name":"main","customerId":"…","customerSecret":"…","qps":10,"apps":[{"appId":"…","ncsSecrets":["…"]}]}]}';

export type Accounts = { ok: true; accounts: readonly AccountConfig[] } | { ok: false; problems: readonly string[] };

/** The accounts of AGORA_CONFIG_FILE. `content` is the file's text. */
export function parseAccounts(content: string, defaultQps: number, defaultAppQps: number | null): Accounts {
  const parsed = accountsFile.safeParse(jsonOrUndefined(content));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
    const what = `AGORA_CONFIG_FILE: ${where} is wrong (${issue?.message ?? 'unreadable'})`;
    return { ok: false, problems: [`${what}; for example ${EXAMPLE}`] };
  }
  const accounts = parsed.data.accounts.map((account) => ({
    ...account,
    qps: account.qps ?? defaultQps,
    apps: account.apps.map((app) => ({ ...app, qps: app.qps ?? defaultAppQps })),
  }));
  return { ok: true, accounts };
}

/** The one-app case, from four settings that belong together. */
export function oneAppAccount(
  settings: {
    appId: string | undefined;
    customerId: string | undefined;
    customerSecret: string | undefined;
    ncsSecrets: readonly string[] | undefined;
  },
  qps: number,
  appQps: number | null,
): Accounts {
  const { appId, customerId, customerSecret, ncsSecrets } = settings;
  const named = {
    AGORA_APP_ID: appId,
    AGORA_CUSTOMER_ID: customerId,
    AGORA_CUSTOMER_SECRET: customerSecret,
    AGORA_NCS_SECRET: ncsSecrets,
  };
  const missing = Object.entries(named).filter(([, value]) => value === undefined);
  if (missing.length === Object.keys(named).length) return { ok: true, accounts: [] };
  if (!appId || !customerId || !customerSecret || !ncsSecrets) {
    const names = missing.map(([name]) => name).join(', ');
    return {
      ok: false,
      problems: [`${names}: missing; the four settings of the one-app case go together`],
    };
  }
  const apps = [{ appId, ncsSecrets, qps: appQps }];
  return { ok: true, accounts: [{ name: 'default', customerId, customerSecret, qps, apps }] };
}

/**
 * Two accounts with one name would share a budget, and the account of an app that is in two of them would be
 * ambiguous.
 */
export function findDuplicates(accounts: readonly AccountConfig[]): readonly string[] {
  const names = accounts.map(({ name }) => name);
  const apps = accounts.flatMap((account) => account.apps.map(({ appId }) => appId));
  return [
    ...repeated(names).map((name) => `account ${name} is configured twice`),
    ...repeated(apps).map((appId) => `app ${appId} is configured twice`),
  ];
}

function repeated(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
