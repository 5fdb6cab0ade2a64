import type { Simulation } from '../../simulator/run-simulation.js';
import type { TellingSession } from '../../simulator/telling-session.js';
import { faultsOf, progressLine, scoreTable, verdictLine } from '../score-table.js';
import { print } from '../with-config.js';
import { LIMIT } from './demo-settings.js';

export type Places = {
  receiverUrl: string;
  apiUrl: string;
  databaseUrl: string;
  settingsFile: string;
  key: string;
};

/** A number is seconds; `usual` means that nobody said. */
export type Length = number | 'endless' | 'usual';

const LOOK_EVERY_MS = 500;
const LINE_EVERY_MS = 10_000;
/** In an endless demo, when the first score is printed. */
const FIRST_SCORE_MS = 60_000;
/** By then a session is shown, though none has vanished: there must be time to look at it. */
const SHOW_BY_MS = 30_000;

/**
 * Shows how it goes until the run is over or somebody stops it, then the score; true where it was perfect.
 * On a terminal a demo of the usual length then stays, for whoever reads the score wants to look.
 */
export async function watchDemo(
  simulation: Simulation,
  told: AbortSignal,
  places: Places,
  length: Length,
): Promise<boolean> {
  const showBy = typeof length === 'number' ? Math.min(length * 500, SHOW_BY_MS) : SHOW_BY_MS;
  const stopShowing = showProgress(simulation, places, showBy);
  const first = length === 'endless' ? setTimeout(() => void printScore(simulation), FIRST_SCORE_MS) : undefined;
  await Promise.race([simulation.done, aborted(told)]);
  stopShowing();
  clearTimeout(first);
  const perfect = printScore(simulation);
  if (length === 'usual' && process.stdout.isTTY && !told.aborted) await stay(simulation, told, places);
  return perfect;
}

async function aborted(told: AbortSignal): Promise<void> {
  if (told.aborted) return;
  await new Promise((resolve) => {
    told.addEventListener('abort', resolve, { once: true });
  });
}

/** A line now and then, and once a session that is worth looking at. Returns how to end that. */
function showProgress(simulation: Simulation, places: Places, showByMs: number): () => void {
  const isTerminal = process.stdout.isTTY;
  let isShown = false;
  const showSession = (): void => {
    const telling = simulation.telling();
    const late = simulation.progress().elapsedMs >= showByMs;
    if (isShown || telling === null || !(telling.isVanished || late)) return;
    isShown = true;
    printSession(telling, places);
  };
  const showLine = (): void => {
    const line = progressLine(simulation.progress());
    if (isTerminal) process.stdout.write(`\r\u001b[K${line}`);
    else print(line);
  };
  const timers = [
    setInterval(showSession, LOOK_EVERY_MS),
    setInterval(showLine, isTerminal ? LOOK_EVERY_MS : LINE_EVERY_MS),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

function printSession({ sid, why }: TellingSession, { apiUrl, key, settingsFile }: Places): void {
  const curl = `curl -H "Authorization: Bearer ${key}" ${apiUrl}/v1/sessions/${sid}`;
  print(`\nA session worth looking at while this runs: ${sid}`);
  print(`  ${why}`);
  print(`  as a picture   ${apiUrl}/sessions/${sid}   key: ${key}`);
  print(`  the session    ${curl}`);
  print(`  why            ${curl}/explain`);
  print(`  what happened  ${curl}/timeline`);
  print(`  all of it      env $(cat '${settingsFile}') npm run -s ledger -- inspect ${sid}\n`);
}

function printScore(simulation: Simulation): boolean {
  const [score, progress] = [simulation.score(), simulation.progress()];
  print('\n\nThe ledger against the truth:');
  print(scoreTable(score, progress, LIMIT));
  print(`${verdictLine(score, progress)}\n`);
  return faultsOf(score, progress).length === 0;
}

async function stay(simulation: Simulation, told: AbortSignal, places: Places): Promise<void> {
  const telling = simulation.telling();
  if (telling !== null) printSession(telling, places);
  print('The service keeps running so that you can look around. Ctrl-C ends it and removes all its files.');
  const hold = setInterval(() => undefined, 60_000);
  await aborted(told);
  clearInterval(hold);
}
