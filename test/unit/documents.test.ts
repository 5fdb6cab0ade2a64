import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { settingsTable } from '../../src/config/settings.js';
import { FINDING_RULES, findingsTable } from '../../src/sessions/findings/find-findings.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = readdirSync(join(ROOT, 'src'));
const FOLDERS = ['src', 'test', 'scripts', 'prisma', 'docs', '.ci'];

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

function markdownIn(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.md'));
  return files.map((file) => join(folder, file));
}

const DOCUMENTS = [...markdownIn('.'), ...markdownIn('docs'), ...markdownIn('docs/decisions')];

/** Parts of this repository that a text names, from its root or from src: `room/file.ts`, `room/file`. */
function pathsIn(text: string): string[] {
  const named = text.match(/(?<![\w/.:@-])\.?[\w-]+(?:\/[\w.-]*\w)+/g) ?? [];
  return named.filter((path) => [...FOLDERS, ...ROOMS].includes(path.split('/')[0] ?? ''));
}

function isThere(path: string): boolean {
  const places = [path, `src/${path}`, `src/${path}.ts`, `${path}.test.ts`];
  return places.some((place) => existsSync(join(ROOT, place)));
}

/** Links to files of this repository, as seen from the document. */
function linksIn(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)];
  return links.map(([, target = '']) => target);
}

/** What stands in a document between `<!-- name -->` and `<!-- /name -->`. */
function part(document: string, name: string): string {
  return document.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0]?.trim() ?? '';
}

async function asWritten(markdown: string): Promise<string> {
  const options = await resolveConfig('README.md');
  return (await format(markdown, { ...options, parser: 'markdown' })).trim();
}

describe('the documents', () => {
  it('list every setting as the code has it', async () => {
    expect(part(read('README.md'), 'settings')).toBe(await asWritten(settingsTable()));
  });

  it('list every finding as the code has it', async () => {
    expect(part(read('docs/findings.md'), 'findings')).toBe(await asWritten(findingsTable()));
  });

  it.each(DOCUMENTS)('name files that are there: %s', (document) => {
    const text = read(document);
    const links = linksIn(text).map((target) => join(dirname(document), target));
    const lost = [...pathsIn(text), ...links].filter((path) => !isThere(path));
    expect(lost).toEqual([]);
  });

  it('give every decision its number, a title and the day on which it was taken', () => {
    const decisions = markdownIn('docs/decisions').filter((path) => !path.endsWith('template.md'));
    const without = decisions.filter((path) => {
      const number = /(\d{3})-[^/]*$/.exec(path)?.[1] ?? 'none';
      return !new RegExp(`^# ${number} – .+\n\n_\\d{4}-\\d{2}-\\d{2}_\n`).test(read(path));
    });
    expect(without).toEqual([]);
  });

  it('name every finding once', () => {
    const codes = FINDING_RULES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
