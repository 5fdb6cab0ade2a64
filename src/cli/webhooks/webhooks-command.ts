import { Command, InvalidArgumentError } from 'commander';
import { listEndpoints, findEndpoint, type Endpoint } from '../../db/webhooks/endpoints.js';
import { readLags } from '../../db/webhooks/lag.js';
import { unixMs } from '../../evidence/instant.js';
import { newWebhook } from '../../http/api/webhook-bodies.js';
import type { RedriveFrom } from '../../webhooks/manage-endpoints.js';
import { print } from '../with-config.js';
import { endpointLines } from './show-webhooks.js';
import { tailLog } from './tail-log.js';
import { known, withWebhooks } from './with-webhooks.js';

const PAGE = 200;
const USUAL_LINES = 20;

export function webhooksCommand(): Command {
  return new Command('webhooks')
    .description('the endpoints that are posted what the ledger concludes: docs/webhooks.md')
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(onEndpoint('test', 'send webhook.test').action(test))
    .addCommand(
      onEndpoint('pause', 'hold its deliveries until it is resumed').action((id: string) => setState(id, 'paused')),
    )
    .addCommand(
      onEndpoint('resume', 'send what waits, from where it stands').action((id: string) => setState(id, 'active')),
    )
    .addCommand(redriveCommand())
    .addCommand(tailCommand());
}

function onEndpoint(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'of the endpoint, as list shows it');
}

function listCommand(): Command {
  return new Command('list').description('all endpoints, and how each fares').action(() =>
    withWebhooks(async ({ db }) => {
      const lags = await readLags(db.pool, unixMs(Date.now()));
      let page: Endpoint[] = await listEndpoints(db.pool, null, PAGE);
      if (page.length === 0) print('There is no endpoint; recording-ledger webhooks add <url> makes one.');
      for (;;) {
        for (const one of page) for (const line of endpointLines(one, lags.get(one.id))) print(line);
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) return;
        page = await listEndpoints(db.pool, last, PAGE);
      }
    }),
  );
}

type AddOptions = { types?: string[]; apps?: string[]; description?: string };

function addCommand(): Command {
  return new Command('add')
    .description('make an endpoint; its secret is printed this once')
    .argument('<url>')
    .option('--types <type...>', 'the types that it wants (default: all)')
    .option('--apps <appId...>', 'the apps whose sessions it wants (default: all)')
    .option('--description <text>', 'what it is for')
    .action(add);
}

function add(url: string, { types, apps, description }: AddOptions): Promise<void> {
  return withWebhooks(async ({ webhooks }) => {
    const wanted = newWebhook.safeParse({ url, types, appIds: apps, description });
    if (!wanted.success) {
      throw new Error(wanted.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
    }
    const { data } = wanted;
    const created = await webhooks.create({
      url: data.url,
      description: data.description ?? null,
      types: data.types ?? null,
      appIds: data.appIds ?? null,
      secret: null,
    });
    if (created.kind !== 'done') throw new Error(created.why);
    print(`${created.endpoint.id}\n${created.secret}`);
  });
}

function test(id: string): Promise<void> {
  return withWebhooks(async ({ webhooks }) => {
    const sent = known(id, await webhooks.sendTest(id));
    print(`${sent.id} goes out; recording-ledger webhooks tail ${id} shows what comes of it.`);
  });
}

function setState(id: string, state: Endpoint['state']): Promise<void> {
  return withWebhooks(async ({ webhooks }) => {
    const endpoint = known(id, await webhooks.setState(id, state));
    print(`${endpoint.id} is ${endpoint.state}.`);
  });
}

function redriveCommand(): Command {
  return onEndpoint('redrive', 'deliver again what is parked, or everything from a place in the feed on')
    .option('--from <place>', 'a cursor of the feed, or an instant as in 2026-11-21T10:32:00Z', place)
    .action((id: string, { from }: { from?: RedriveFrom }) =>
      withWebhooks(async ({ webhooks }) => {
        const { deliveries, from: cursor } = known(id, await webhooks.redrive(id, from ?? null));
        if (cursor !== null) print(`Everything from cursor ${cursor} on goes out again.`);
        else print(`${String(deliveries)} parked deliveries go out again.`);
      }),
    );
}

function place(text: string): RedriveFrom {
  if (/^\d{1,18}$/.test(text)) return { cursor: BigInt(text) };
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is a cursor, or an instant as in 2026-11-21T10:32:00Z.');
  return { atMs: unixMs(ms) };
}

type TailOptions = { lines: number; follow: boolean };

function tailCommand(): Command {
  return onEndpoint('tail', 'its newest deliveries, and each further one until Ctrl-C')
    .option('--lines <number>', 'how many of those that are known', lineCount, USUAL_LINES)
    .option('--no-follow', 'end after these')
    .action((id: string, { lines, follow }: TailOptions) =>
      withWebhooks(async ({ db }) => {
        known(id, await findEndpoint(db.pool, id));
        await tailLog(db, id, lines, follow);
      }),
    );
}

function lineCount(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 200) throw new InvalidArgumentError('It is a number from 0 to 200.');
  return n;
}
