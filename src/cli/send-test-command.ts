import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { noticeKeyOf } from '../agora/parse-notification.js';
import { makeTestNotification } from '../agora/test-notification.js';
import { identityScopeOfApp } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import type { Queryable } from '../db/connection/database.js';
import { findDelivery } from '../db/evidence/deliveries.js';
import { unixMs } from '../evidence/instant.js';
import { postNotification, type Posted } from './post-notification.js';
import { orExplain, print, readConfig } from './with-config.js';
import { withLedger } from './with-ledger.js';

type Options = { url?: string; app?: string };
type App = { appId: string; secret: string };

export function sendTestCommand(): Command {
  return new Command('send-test')
    .description(
      "send a signed test notification as the console's check does, and say whether it arrives in the ledger",
    )
    .option(
      '--url <url>',
      'where the console sends to, as https://host/ncs/<App ID> or https://host (default: this machine, RECEIVER_PORT)',
    )
    .option('--app <appId>', 'the app whose secret signs it (default: the first that is configured)')
    .action((options: Options) => orExplain(() => sendTest(options)));
}

async function sendTest(options: Options): Promise<void> {
  const config = readConfig();
  const app = chooseApp(config, options.app);
  const url = addressOf(options.url, config, app);
  const { noticeId, body } = makeTestNotification(unixMs(Date.now()));
  print(`POST ${url}, signed with the secret of app ${app.appId}, noticeId ${noticeId}`);
  const posted = await postNotification(url, body, app.secret);
  print(whatCameBack(posted));
  const isTaken = posted.kind === 'answered' && posted.status === 200;
  const arrived = isTaken && (await arrives(noticeKeyOf(identityScopeOfApp(config.accounts)(app.appId), noticeId)));
  if (!arrived) process.exitCode = 1;
}

function chooseApp({ accounts }: Config, wanted: string | undefined): App {
  const apps = accounts.flatMap((account) => account.apps);
  const app = wanted === undefined ? apps[0] : apps.find(({ appId }) => appId === wanted);
  const secret = app?.ncsSecrets[0];
  if (app !== undefined && secret !== undefined) return { appId: app.appId, secret };
  const which = wanted === undefined ? 'No app is' : `App ${wanted} is not`;
  throw new Error(`${which} configured with a secret: set AGORA_APP_ID and AGORA_NCS_SECRET, or AGORA_CONFIG_FILE.`);
}

/** A host alone gets the path that the console is given. */
function addressOf(given: string | undefined, { receiver }: Config, { appId }: App): string {
  const url = URL.parse(given ?? `http://127.0.0.1:${String(receiver.port)}`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error(`--url ${String(given)} is no http address.`);
  if (url.pathname === '/') url.pathname = `/ncs/${encodeURIComponent(appId)}`;
  return url.href;
}

function whatCameBack(posted: Posted): string {
  if (posted.kind === 'not_answered') {
    return `No answer (${posted.why}). Nobody listens there, or something on the way drops it: is the service running with the role receiver, is the host name right, does its certificate hold?`;
  }
  const { status, tookMs, body } = posted;
  return `Answered ${String(status)} after ${String(tookMs)} ms${body === '' ? '' : `: ${body}`}\n${meaningOf(posted)}`;
}

function meaningOf({ status, location }: Extract<Posted, { kind: 'answered' }>): string {
  if (status === 200) return 'Agora would count that as delivered.';
  if (status === 401) {
    return 'The receiver there refuses it: its log says why (notification.rejected), and so does receiver.rejections in /v1/summary.';
  }
  if (status === 404)
    return 'There is no receiver at that address, or a proxy changes the path: it has to end in /ncs/<App ID>.';
  if (status === 413 || status === 415) return 'The receiver there takes no such body: does a proxy change it?';
  if (status >= 300 && status < 400)
    return `It is redirected${location === null ? '' : ` to ${location}`}: give the console the address that answers itself.`;
  if (status === 502 || status === 504) return 'A proxy answers, and the receiver behind it does not.';
  if (status === 503)
    return 'The receiver there can keep nothing just now: Postgres is away and its spool is full, or too much comes. Agora would send it again.';
  return 'That is no answer of the receiver: something else listens there.';
}

const ARRIVES_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Says whether it is in the ledger of this configuration. */
async function arrives(noticeKey: string): Promise<boolean> {
  const found = { it: false };
  await withLedger(async ({ db }) => {
    found.it = await isFoundSoon(db.pool, noticeKey);
  });
  print(
    found.it
      ? 'It is in the ledger, marked as a test: notifications arrive.'
      : `It is not in the ledger of this configuration after ${String(ARRIVES_WITHIN_MS / 1000)} s: the receiver there writes into another database (compare DATABASE_URL and DATA_DIR), or keeps it in its spool while Postgres is away (its /readyz says so).`,
  );
  return found.it;
}

async function isFoundSoon(db: Queryable, noticeKey: string): Promise<boolean> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  for (;;) {
    if ((await findDelivery(db, [noticeKey])).kind === 'kept') return true;
    if (performance.now() > deadline) return false;
    await wait(LOOK_EVERY_MS);
  }
}
