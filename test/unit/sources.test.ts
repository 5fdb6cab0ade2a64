import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { SAMPLES, SOURCES } from '../support/samples.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = read('docs/agora.md');

/** `@see <address> (read <month>); docs/agora.md#<section>`: what Agora documents. */
const AGORAS = /@see (https:\/\/\S+) \(read (\d{4}-\d{2})\); docs\/agora\.md#([a-z-]+)/g;
/** `Ours: <document>`: where its pages are silent and we decided. */
const OURS = /Ours: (docs\/(?:decisions\/\d{3}-[a-z0-9-]+|agora)\.md)(?:#([a-z-]+))?/g;

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('generated/'))
    .map((file) => join(folder, file));
}

/** The month in which each page was read, by its address. */
function monthsOfPages(): Map<string, string> {
  const months = new Map<string, string>();
  for (const [, name = '', address = ''] of PAGES.matchAll(/^\[(.+)\]: (\S+)$/gm)) {
    const row = PAGES.split('\n').find((line) => line.startsWith(`| [${name}]`));
    months.set(address, row?.split('|')[2]?.trim() ?? 'no row');
  }
  return months;
}

function sections(): readonly string[] {
  return [...PAGES.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
}

function namesSource(comment: string): boolean {
  return comment.search(AGORAS) >= 0 || comment.search(OURS) >= 0;
}

/** What a file exports beside types without naming its source there, or for all of it by `@file`. */
function exportsWithoutSource(path: string): string[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const [ofAll = ''] = /\/\*\*(?:(?!\*\/)[^])*@file(?:(?!\*\/)[^])*\*\//.exec(source.text) ?? [];
  if (namesSource(ofAll)) return [];
  return source.statements
    .filter((node) => isExportedValue(node) && !namesSource(commentOf(node)))
    .map((node) => `${path}: ${/\b(?:function|const|class) (\w+)/.exec(node.getText())?.[1] ?? '?'}`);
}

function isExportedValue(node: ts.Statement): boolean {
  const isValue = ts.isFunctionDeclaration(node) || ts.isVariableStatement(node) || ts.isClassDeclaration(node);
  return isValue && (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .map((comment) => comment.getFullText())
    .join('\n');
}

/** Sentences about sources that lead nowhere. */
function brokenSources(path: string): string[] {
  const text = read(path);
  const months = monthsOfPages();
  const known = sections();
  const agoras = [...text.matchAll(AGORAS)].flatMap(([all, address = '', month, section = '']) =>
    months.get(address) === month && known.includes(section) ? [] : [`${path}: ${all}`],
  );
  const ours = [...text.matchAll(OURS)].flatMap(([all, document = '', section]) => {
    const leads = existsSync(join(ROOT, document));
    return leads && (section === undefined || known.includes(section)) ? [] : [`${path}: ${all}`];
  });
  const rest = text.replace(AGORAS, '').replace(OURS, '');
  const loose = /docs\/agora\.md#|docs\.agora\.io/.test(rest);
  return [...agoras, ...ours, ...(loose ? [`${path}: a source that is not in the form`] : [])];
}

describe('what Agora documents', () => {
  it('has its page and the month in which it was read beside every decoder', () => {
    expect(filesBelow('src/agora').flatMap(exportsWithoutSource)).toEqual([]);
  });

  it('is named by addresses, sections and decisions that are there', () => {
    const files = [...filesBelow('src'), ...filesBelow('test')].filter((path) => path !== 'test/unit/sources.test.ts');
    expect(files.flatMap(brokenSources)).toEqual([]);
  });

  it('is what every sample of it names as its source', () => {
    const { notifications, queries, stops, errors, signatures, scenarios } = SAMPLES;
    const all = [notifications, queries, stops, errors, signatures, scenarios].flat();
    const unknown = all.filter(({ source }) => SOURCES[source] === undefined).map(({ id }) => id);
    expect(unknown).toEqual([]);
    const addresses = new Set(monthsOfPages().keys());
    const strange = Object.values(SOURCES).filter(({ address }) => address !== null && !addresses.has(address));
    expect(strange).toEqual([]);
  });

  it('says on which pages each section of its document rests', () => {
    const without = PAGES.split(/^## /m)
      .slice(1)
      .filter((section) => !/^(Pages\n|.*\n\n_Pages: )/.test(section));
    expect(without.map((section) => section.split('\n')[0])).toEqual([]);
    const rests = [...PAGES.matchAll(/^_Pages: (.*)_$/gm)].flatMap(([, links = '']) =>
      [...links.matchAll(/\[([^\]]+)\]/g)].map(([, name = '']) => name),
    );
    expect(rests.filter((name) => !PAGES.includes(`\n[${name}]: https://`))).toEqual([]);
  });
});
