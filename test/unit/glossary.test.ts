import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = ['evidence', 'sessions', 'reconcile', 'ledger', 'asking', 'intake', 'db'];

/** Words in names of types that mean here what they mean to any programmer. */
const GENERAL =
  `accepted all answer askable attempt batch body case change client column comparable condition context count
   database db details earlier engine entry error events field filter filters first found full history hour in
   incoming interval kind late live load machine measured merged migrate migration ms new number numbers opened
   options order page pair partly passed period position prisma progress published queryable range raw reason
   received reference release request resilient result rights row rules schema seen sent server situation size
   store stored sum table taken terms time unix waiting with work`.split(/\s+/);

/** Every word in bold: the terms, and the forms of them that their definitions name. */
const TERMS = [...read('docs/glossary.md').matchAll(/\*\*(.+?)\*\*/g)].map(([, term = '']) => term);

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The files of a room; of generated code none. */
function filesOf(room: string): string[] {
  if (room === 'generated' || room.endsWith('.ts')) return [];
  return readdirSync(join(ROOT, 'src', room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('src', room, file));
}

function exportedNames(): string[] {
  return ROOMS.flatMap(filesOf).flatMap((path) => exportedTypes(read(path)));
}

function exportedTypes(code: string): string[] {
  return [...code.matchAll(/^export (?:abstract )?(?:type|interface|class) (\w+)/gm)].map(([, name = '']) => name);
}

function wordsOf(name: string): string[] {
  return name.match(/[A-Z][a-z]+|[0-9]+s?/g)?.map((word) => word.toLowerCase()) ?? [];
}

/** The same for `plan`, `plans` and `planned`: what is left without an ending. */
function stem(word: string): string {
  return word
    .toLowerCase()
    .replace(/([bdgmnpt])\1(?:ed|ing)$/, '$1')
    .replace(/(?:ing|ed|es|(?<!s)s)$/, '')
    .replace(/e$/, '');
}

/** The words of a name that neither the glossary nor any programmer explains. */
function unexplained(name: string): string[] {
  const known = new Set([...TERMS.flatMap((term) => term.split(/[ -]/)), ...GENERAL].map(stem));
  return wordsOf(name).filter((word) => !/^\d/.test(word) && !known.has(stem(word)));
}

describe('the glossary', () => {
  it('explains every word of every type that the core and the rooms around it export', () => {
    expect(exportedNames().length).toBeGreaterThan(100);
    const missing = exportedNames().flatMap((name) => unexplained(name).map((word) => `${name}: ${word}`));
    expect(missing).toEqual([]);
  });

  it('misses a word of our own that it does not explain, in whatever part of a name', () => {
    expect(exportedTypes('export type Whimsy = 1;\nexport class SessionWhimsy {}')).toEqual([
      'Whimsy',
      'SessionWhimsy',
    ]);
    expect(unexplained('SessionWhimsy')).toEqual(['whimsy']);
    expect(unexplained('WhimsyRow')).toEqual(['whimsy']);
    expect(unexplained('ClaimedQuery')).toEqual([]);
  });

  it('has each term once, and none that the code does not use', () => {
    expect(TERMS.filter((term, n) => TERMS.indexOf(term) !== n)).toEqual([]);
    const code = readdirSync(join(ROOT, 'src')).flatMap(filesOf).map(read).join('\n');
    const unused = TERMS.filter((term) => !new RegExp(term.replace(/[ -]/g, '[ _-]?'), 'i').test(code));
    expect(unused).toEqual([]);
  });
});
