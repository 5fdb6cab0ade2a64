import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What the README holds, in its order. `run` is a block that ends by itself, with the result that is shown after
 * it; `lasting` one whose lines are processes that run until Ctrl-C; `stop` is where the reader is told to end them.
 */
export type Step =
  | { kind: 'run'; text: string; shown: Shown | null }
  | { kind: 'lasting'; lines: readonly string[] }
  | { kind: 'once'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'stop' };

export type Shown = { language: 'json' | 'text'; text: string };

const FENCE = /^```([^\n]*)\n([\s\S]*?)^```$|^<!-- stopped -->$/gm;

export function readReadme(): string {
  return readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
}

/** Throws at a block of a kind that nobody knows how to run. */
export function stepsOf(readme: string): Step[] {
  const steps: Step[] = [];
  for (const [whole, info = '', text = ''] of readme.matchAll(FENCE)) {
    if (whole.startsWith('<!--')) steps.push({ kind: 'stop' });
    else if (info === 'json' || info === 'text') showAfter(steps.at(-1), { language: info, text });
    else if (info !== '') steps.push(stepOf(info, text));
    else if (!/[─▶]/.test(text)) throw new Error(`A block that says not what it is:\n${text}`);
  }
  return steps;
}

function stepOf(info: string, text: string): Step {
  switch (info) {
    case 'sh':
      return { kind: 'run', text, shown: null };
    case 'sh until-ctrl-c':
      return { kind: 'lasting', lines: text.split('\n').filter((line) => line.trim() !== '') };
    case 'sh once':
      return { kind: 'once', text: text.trim() };
    case 'ts':
      return { kind: 'code', text };
    default:
      throw new Error(`Nobody knows how to run a block of ${info}:\n${text}`);
  }
}

function showAfter(step: Step | undefined, shown: Shown): void {
  if (step?.kind !== 'run' || step.shown !== null) throw new Error(`This is shown after no command:\n${shown.text}`);
  step.shown = shown;
}

/** The commands that are named within its sentences and tables. */
export function namedCommands(readme: string): string[] {
  const prose = readme.replace(/^```[\s\S]*?^```$/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return spans.filter((span) => /^(npm|node|npx|docker|git|rm|curl|psql|recording-ledger) /.test(span));
}

/** Whether what came holds what is shown: fields and further elements may be left out, and `…` is anything. */
export function holds(came: unknown, shown: unknown): boolean {
  if (shown === '…') return came !== null && came !== undefined;
  if (Array.isArray(shown)) {
    if (!Array.isArray(came) || (shown.length === 0 && came.length > 0)) return false;
    return shown.every((one, n) => holds(came[n], one));
  }
  if (typeof shown === 'object' && shown !== null) {
    if (typeof came !== 'object' || came === null) return false;
    return Object.entries(shown).every(([key, value]) => holds((came as Record<string, unknown>)[key], value));
  }
  return came === shown;
}
