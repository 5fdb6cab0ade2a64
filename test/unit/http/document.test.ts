import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { describeApi } from '../../../src/http/api/describe-api.js';
import { complaintAbout, operationOf } from '../../support/documented.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const document = describeApi() as Record<string, any>;

type Operation = { id: string; method: string; path: string; operation: Record<string, any> };

const OPERATIONS: Operation[] = Object.entries<Record<string, any>>(document['paths']).flatMap(([path, methods]) =>
  Object.entries<Record<string, any>>(methods).map(([method, operation]) => ({
    id: operation['operationId'] as string,
    method: method.toUpperCase(),
    path,
    operation,
  })),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'document-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Places of fields in schemas that nothing is said about. */
function undescribed(value: unknown, place: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {}, ...rest } = value as Record<string, any>;
  const fields = Object.entries<Record<string, any>>(properties).flatMap(([name, field]) => {
    const inner = undescribed(field, `${place}.${name}`);
    return field['description'] || field['$ref'] || field['const'] ? inner : [`${place}.${name}`, ...inner];
  });
  return [...fields, ...Object.entries(rest).flatMap(([key, inner]) => undescribed(inner, `${place}/${key}`))];
}

describe('the OpenAPI document', () => {
  it('has nothing that a linter objects to', async () => {
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const redocly = join(ROOT, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
    const args = [redocly, 'lint', file, '--config', join(ROOT, 'redocly.yaml'), '--format', 'json'];
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    expect(JSON.parse(stdout.slice(stdout.indexOf('{'))).totals).toMatchObject({ errors: 0, warnings: 0 });
  });

  it('says of every field what it means', () => {
    expect(undescribed(document['components'].schemas, '')).toEqual([]);
    const parameters = OPERATIONS.flatMap(({ id, operation }) =>
      operation['parameters'].map((parameter: any) => [id, parameter.name, parameter.description]),
    );
    expect(parameters.filter(([, , description]) => !description)).toEqual([]);
  });

  it('becomes types that compile', async () => {
    const types = astToString(await openapiTS(structuredClone(document) as any));
    const use = `import type { components, paths } from './api.js';
      type Page = paths['/v1/sessions']['get']['responses']['200']['content']['application/json'];
      export const states = (page: Page): components['schemas']['Session']['state'][] => page.sessions.map((s) => s.state);`;
    await writeFile(join(folder, 'api.ts'), types);
    await writeFile(join(folder, 'use.ts'), use);
    const options = { strict: true, noEmit: true, skipLibCheck: false, types: [], target: ts.ScriptTarget.ES2022 };
    const program = ts.createProgram([join(folder, 'use.ts')], {
      ...options,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    });
    const complaints = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    expect(complaints).toEqual([]);
  });

  it('is written by the build as it is served', async () => {
    expect(JSON.parse(await readFile(join(ROOT, 'dist', 'openapi.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(document)),
    );
  });

  it('forbids no field that a later release may add', () => {
    expect(JSON.stringify(document)).not.toContain('"additionalProperties":false');
  });
});

describe('the examples', () => {
  it.each(OPERATIONS)('of $id are what it answers', ({ operation, method, path }) => {
    const answers = Object.entries<Record<string, any>>(operation['responses']).flatMap(([status, { content = {} }]) =>
      Object.entries<Record<string, any>>(content).map(([mediaType, { example }]) => ({ status, mediaType, example })),
    );
    const given = answers.filter(({ example }) => example !== undefined);
    const target = path.replaceAll(/\{\w+\}/g, 'x');
    const complaints = given.map(({ status, mediaType, example }) =>
      complaintAbout(method, target, { status: Number(status), mediaType, text: JSON.stringify(example) }),
    );
    expect(complaints.filter((complaint) => complaint !== null)).toEqual([]);
    const json = answers.filter(({ status, mediaType }) => status < '300' && mediaType === 'application/json');
    expect(json.length === 0 || given.some(({ status }) => status < '300')).toBe(true);
    if (operation['requestBody'] !== undefined) {
      expect(operation['requestBody'].content['application/json'].example).toBeDefined();
    }
  });
});

describe('an answer that is not as the document has it', () => {
  const PROBLEM = { type: 'about:blank', status: 404, title: 'Not found' };
  const of = (body: unknown, status = 404, mediaType = 'application/problem+json') => ({
    status,
    mediaType,
    text: JSON.stringify(body),
  });

  it.each([
    ['has a field too many', of({ ...PROBLEM, more: 1 }), /more/],
    ['has one too few', of({ type: 'about:blank', status: 404 }), /title/],
    ['has another media type', of(PROBLEM, 404, 'application/json'), /media type/],
    ['has a status that is not described', of(PROBLEM, 418), /status/],
  ])('fails the test that sees it, where it %s', (_what, answer, complaint) => {
    expect(complaintAbout('GET', '/v1/sessions/x', answer)).toMatch(complaint);
    expect(complaintAbout('GET', '/v1/sessions/x', of(PROBLEM))).toBeNull();
  });

  it('fails it too where the document has no such endpoint', () => {
    expect(operationOf('GET', '/v1/nothing')).toBeNull();
    expect(complaintAbout('GET', '/v1/nothing', of({}, 200))).toMatch(/no such endpoint/);
  });
});
