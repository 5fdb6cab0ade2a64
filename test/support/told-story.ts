import { listChanges } from '../../src/db/sessions/changes.js';
import { withVersionsBefore } from '../../src/db/sessions/version-pairs.js';
import { toStep, type FeedStep } from '../../src/webhooks/feed-window.js';
import { inDatabase } from './acknowledged.js';
import type { ReceivedDelivery } from './webhook-receiver.js';

/** For each session the deliveries of it, in order: `<cursor> <type>`. */
export type Story = ReadonlyMap<string, readonly string[]>;

/** All of the change feed of a database, with what happened. */
export function readFeed(databaseUrl: string): Promise<FeedStep[]> {
  return inDatabase(databaseUrl, async (client) => {
    const steps: FeedStep[] = [];
    for (;;) {
      const changes = await listChanges(client, steps.at(-1)?.change.cursor ?? '0', 500);
      if (changes.length === 0) return steps;
      steps.push(...(await withVersionsBefore(client, changes)).map(toStep));
    }
  });
}

/** What an endpoint with these types, or with all, is to be told of the feed. */
export function storyOfFeed(feed: readonly FeedStep[], types: readonly string[] = []): Story {
  const entries = feed.flatMap((step) => {
    const wanted = step.types.filter((type) => types.length === 0 || types.includes(type));
    return wanted.map((type) => [step.change.sid, `${step.change.cursor} ${type}`] as const);
  });
  return bySession(entries);
}

/** What a receiver was told, up to a cursor: the first arrival of each webhook-id. */
export function storyOf(deliveries: readonly ReceivedDelivery[], through: bigint): Story {
  const firsts = new Map<string, ReceivedDelivery>();
  for (const one of deliveries) if (!firsts.has(one.id)) firsts.set(one.id, one);
  const told = [...firsts.values()].filter(({ body }) => BigInt(body.data.cursor ?? through + 1n) <= through);
  return bySession(told.map(({ body }) => [body.data.session.sid, `${body.data.cursor} ${body.type}`] as const));
}

function bySession(entries: readonly (readonly [sid: string, entry: string])[]): Story {
  const story = new Map<string, string[]>();
  for (const [sid, entry] of entries) story.set(sid, [...(story.get(sid) ?? []), entry]);
  return story;
}

export function lengthOf(story: Story): number {
  return [...story.values()].reduce((sum, entries) => sum + entries.length, 0);
}

/** The sessions that are told differently, each with both. */
export function differences(told: Story, expected: Story): object[] {
  const sids = new Set([...told.keys(), ...expected.keys()]);
  return [...sids].flatMap((sid) => {
    const [was, should] = [told.get(sid) ?? [], expected.get(sid) ?? []];
    return was.join() === should.join() ? [] : [{ sid, was, should }];
  });
}
