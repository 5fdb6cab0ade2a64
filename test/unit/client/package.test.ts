import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { describeApi } from '../../../src/http/api/describe-api.js';
import { createTestFolder } from '../../support/folder.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const USE = `
import { createClient, LedgerError, type FollowedChange, type Session } from 'recording-ledger/client';

const ledger = createClient({ baseUrl: 'http://127.0.0.1:8081', key: 'k' });
export async function read(sid: string, signal: AbortSignal): Promise<Session['state'][]> {
  await ledger.register(sid, { appId: 'a', resourceId: 'r', mode: 'mix', cname: 'c', uid: 1 });
  await ledger.leaseBudget({ appId: 'a' });
  const states: Session['state'][] = [(await ledger.sessions.get(sid)).state];
  for await (const { state } of ledger.sessions.list({ state: ['ended'], limit: 10 })) states.push(state);
  for await (const { gaps } of ledger.sessions.gaps(sid).pages()) gaps.map((gap) => gap.from);
  for await (const change of ledger.followChanges({ after: '1', feed: 'f', signal })) keep(change);
  return states;
}
export const beginOf = (error: unknown): string | undefined =>
  error instanceof LedgerError ? error.problem.begin : undefined;
function keep({ cursor, feed, session }: FollowedChange): string {
  // @ts-expect-error a state that the API does not have
  if (session.state === 'sleeping') return '';
  return cursor + feed;
}
// @ts-expect-error a filter that the API does not have
ledger.sessions.list({ nonsense: 1 });
`;

/** A project of somebody else, of this module type, that has this package installed. */
async function createConsumer(type: 'module' | 'commonjs'): Promise<string> {
  const folder = await createTestFolder('consumer-');
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules', 'recording-ledger'), 'dir');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await writeFile(join(folder, 'use.ts'), USE);
  return folder;
}

function compile(files: string[], environment: ts.CompilerOptions): string[] {
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    ...environment,
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const BROWSER: ts.CompilerOptions = { lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] };
const NODE: ts.CompilerOptions = {
  lib: ['lib.es2022.d.ts'],
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules', '@types')],
};

describe('recording-ledger/client', () => {
  it.each([
    ['browsers', BROWSER],
    ['Node', NODE],
  ])('compiles for %s, in projects of ES modules and of CommonJS', async (_where, environment) => {
    const folders = await Promise.all([createConsumer('module'), createConsumer('commonjs')]);
    const files = folders.map((folder) => join(folder, 'use.ts'));
    expect(compile(files, environment)).toEqual([]);
  });

  it.each([
    ['module', `import * as client from 'recording-ledger/client'`],
    ['commonjs', `const client = require('recording-ledger/client')`],
  ] as const)('runs in Node as %s, from its own folder alone', async (type, load) => {
    const code = `${load}; console.log(Object.keys(client).sort().join(), typeof client.createClient({ baseUrl: '' }).summary)`;
    const args = [`--input-type=${type}`, '-e', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: await createConsumer(type) });
    expect(stdout).toBe('LedgerError,LedgerUnreachableError,WebhookVerificationError,createClient,verifyWebhook function\n');
  });

  it('has the types of the document that is served', async () => {
    const document = structuredClone(describeApi()) as any;
    const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
    expect(await readFile(join(ROOT, 'src', 'generated', 'api.ts'), 'utf8')).toBe(types);
    const [one, other] = ['dist/generated/api.d.ts', 'dist/commonjs/generated/api.d.ts'];
    expect(await readFile(join(ROOT, one), 'utf8')).toBe(await readFile(join(ROOT, other), 'utf8'));
  });
});
