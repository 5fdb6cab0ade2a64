import { InvalidArgumentError, type Command } from 'commander';
import type { WorldProfile } from '../simulator/world-profile.js';

export type WorldOptions = {
  sessions: number;
  loss: number;
  duplicates: number;
  seed: number;
  speed: number;
  /** Seconds; left out where nobody said. */
  for?: number | 'endless';
};

/** How long a run is where nobody said. */
const USUAL_SECONDS = 60;

export function addWorldOptions(command: Command): Command {
  return command
    .option('--sessions <n>', 'how many sessions', atLeast(1), 40)
    .option('--loss <share>', 'share of notifications that never arrive', share, 0.1)
    .option('--duplicates <share>', 'share of notifications that arrive twice', share, 0.2)
    .option('--seed <n>', 'the same seed gives the same world', atLeast(0), 1)
    .option('--speed <n>', 'how many times faster than real recordings live', atLeast(1), 30)
    .option(
      '--for <seconds>',
      `end by itself after this long, with the score (default: ${String(USUAL_SECONDS)}); \`endless\` goes on until Ctrl-C`,
      secondsOrEndless,
    );
}

function secondsOrEndless(text: string): number | 'endless' {
  return text === 'endless' ? text : atLeast(20)(text);
}

function share(text: string): number {
  const value = Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a share between 0 and 1.');
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a number of ${String(least)} or more.`);
  };
}

/** The parameters of a run. Sessions live for a few minutes only, so that a run of a minute sees them end. */
export function worldOptions(options: WorldOptions): {
  seed: number;
  sessions: number;
  speed: number;
  durationMs: number | null;
  settlingMs: number;
  profile: Partial<WorldProfile>;
} {
  const { seed, sessions, speed, loss, duplicates } = options;
  return {
    seed,
    sessions,
    speed,
    durationMs: options.for === 'endless' ? null : (options.for ?? USUAL_SECONDS) * 1_000,
    settlingMs: settlingMs(sessions, speed),
    profile: { loss, duplicates, meanLifeMs: 480_000, longestLifeMs: 1_800_000 },
  };
}

/**
 * How long an unreported end may stay unknown: until its turn to be asked comes (a session takes a
 * ninth of a second), then the time for confirming, at this speed, and some room.
 */
function settlingMs(sessions: number, speed: number): number {
  return sessions * 400 + (120_000 + 2 * 90_000) / speed + 3_000;
}
