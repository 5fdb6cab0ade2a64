import { readFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { Command } from 'commander';
import { request } from 'undici';
import { identityScopeOfApp } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { foldAll } from '../ledger/fold-all.js';
import { replayQuarantine } from '../ledger/replay-quarantine.js';
import { orExplain, print, readConfig } from './with-config.js';
import { isExport, replayExport } from './transfer/replay-export.js';
import { withLedger } from './with-ledger.js';

type Options = { url?: string; app?: string; quarantine?: true };

/** One recorded delivery a line: the notification itself, or `{"appId", "raw"}` with its exact text. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('send recorded deliveries to the receiver; what is stored already is not stored again')
    .argument(
      '[file.ndjson]',
      'one delivery a line: the notification, or {"appId","raw"}; exported notices go straight into the database, with their times of receipt',
    )
    .option('--url <url>', 'the receiver (default: this machine, RECEIVER_PORT)')
    .option('--app <appId>', 'the app of lines that name none')
    .option('--quarantine', 'take in the quarantined bodies that can be read now, straight from the database')
    .action((file: string | undefined, options: Options) =>
      orExplain(() => {
        if (options.quarantine) return withLedger(takeInQuarantine);
        if (file === undefined) throw new Error('Name a file of deliveries, or use --quarantine.');
        return replayFile(file, options);
      }),
    );
}

async function replayFile(file: string, options: Options): Promise<void> {
  if (await isExport(file)) return withLedger((context, config) => replayExport(context, config, file));
  return replay(file, options);
}

async function takeInQuarantine(context: FoldContext, { accounts }: Config): Promise<void> {
  const { taken, unreadable } = await replayQuarantine(context, identityScopeOfApp(accounts));
  await foldAll(context);
  print(`${String(taken)} quarantined bodies taken in.`);
  for (const [reason, times] of unreadable) print(`${String(times)} stay: ${reason}`);
}

async function replay(file: string, options: Options): Promise<void> {
  const config = readConfig();
  const url = options.url ?? `http://127.0.0.1:${String(config.receiver.port)}`;
  const apps = config.accounts.flatMap((account) => account.apps);
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const answers = new Map<number, number>();
  for (const line of lines) {
    const { appId, raw } = deliveryOf(line, options.app ?? apps[0]?.appId);
    const secret = apps.find((app) => app.appId === appId)?.ncsSecrets[0];
    if (secret === undefined) throw new Error(`No secret is configured for app ${appId}.`);
    const status = await post(`${url}/ncs/${encodeURIComponent(appId)}`, raw, secret);
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
  const told = [...answers].map(([status, times]) => `${String(times)} × ${String(status)}`);
  print(`${String(lines.length)} deliveries replayed: ${told.join(', ')}`);
  if ([...answers.keys()].some((status) => status !== 200)) process.exitCode = 1;
}

function deliveryOf(line: string, defaultApp: string | undefined): { appId: string; raw: string } {
  const parsed: unknown = JSON.parse(line);
  const told = typeof parsed === 'object' && parsed !== null ? parsed : {};
  const appId = 'appId' in told && typeof told.appId === 'string' ? told.appId : defaultApp;
  if (appId === undefined) throw new Error('A line names no app, and none is configured: use --app.');
  return { appId, raw: 'raw' in told && typeof told.raw === 'string' ? told.raw : line };
}

async function post(url: string, body: string, secret: string): Promise<number> {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'agora-signature-v2': signature };
  const response = await request(url, { method: 'POST', headers, body });
  await response.body.dump();
  return response.statusCode;
}
