import { createRandom } from './random.js';
import type { WorldProfile } from './world-profile.js';

/** What a web recording does beside recording: when its customer pauses it, and where it is pushed to. */
export type WebParts = { holds: readonly Hold[]; outputs: readonly Output[] };

export type Hold = { fromMs: number; toMs: number };

/** An address with its stream key, and how pushing to it goes from each of these moments on. */
export type Output = { url: string; turns: readonly Turn[] };
export type Turn = { fromMs: number; status: 'connecting' | 'publishing' | 'onhold' | 'disconnected' };

export const NO_PARTS: WebParts = { holds: [], outputs: [] };

/**
 * Drawn from a stream of its own, so that a world with parts is otherwise the same as one without.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#services
 */
export function drawParts(
  seed: number,
  index: number,
  profile: WorldProfile,
  { readyMs, stoppingMs }: { readyMs: number; stoppingMs: number },
): WebParts {
  const random = createRandom(seed, `parts ${String(index)}`);
  const between = (low: number, high: number): number => readyMs + (stoppingMs - readyMs) * random.between(low, high);
  const hold = { fromMs: between(0.2, 0.4), toMs: between(0.4, 0.6) };
  const isHeld = random.chance(profile.holdShare);
  const count = random.chance(profile.pushShare) ? random.whole(1, 2) : 0;
  const outputs = Array.from({ length: count }, (_, n) => {
    const url = `rtmp://cdn${String(n)}.example.net/live/${random.hex(16)}`;
    const begins: Turn[] = [
      { fromMs: between(0, 0.05), status: 'connecting' },
      { fromMs: between(0.05, 0.1), status: 'publishing' },
    ];
    const paused: Turn[] = isHeld
      ? [
          { fromMs: hold.fromMs, status: 'onhold' },
          { fromMs: hold.toMs, status: 'publishing' },
        ]
      : [];
    const lost: Turn = { fromMs: between(0.7, 0.9), status: 'disconnected' };
    return { url, turns: [...begins, ...paused, ...(random.chance(profile.disconnectedShare) ? [lost] : [])] };
  });
  return { holds: isHeld ? [hold] : [], outputs };
}

/** `payload.onhold` of the web recorder. */
export function isOnHold({ holds }: WebParts, atMs: number): boolean {
  return holds.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

/** `payload.outputs`: every address that is pushed to by then. */
export function outputsAt({ outputs }: WebParts, atMs: number): readonly { rtmpUrl: string; status: string }[] {
  return outputs.flatMap(({ url, turns }) => {
    const now = turns.findLast(({ fromMs }) => atMs >= fromMs);
    return now === undefined ? [] : [{ rtmpUrl: url, status: now.status }];
  });
}
