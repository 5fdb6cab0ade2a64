import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describeApi } from '../../src/http/api/describe-api.js';

/** An answer of the internal listener, as it came. */
export type HeardAnswer = { status: number; mediaType: string | undefined; text: string };

type Json = Record<string, any>;

const ROOT = 'https://ledger.test/';

/** The document of this API, closed: what it does not describe is wrong in a test, though no client minds. */
const document: Json = closed(describeApi());
const validators = new Map<string, ValidateFunction>();
const ajv = new Ajv2020({ allErrors: true });
(formats as unknown as (to: Ajv2020) => void)(ajv);
for (const [name, schema] of Object.entries<Json>(document['components'].schemas)) {
  ajv.addSchema({ ...schema, $id: ROOT + name });
}

/** Fails where an answer is not as the document has it, fields included that it does not know. */
export function expectDocumented(method: string, path: string, answer: HeardAnswer): void {
  const complaint = complaintAbout(method, path, answer);
  if (complaint === null) return;
  throw new Error(`${method} ${path} answered ${String(answer.status)}: ${complaint}\n${answer.text.slice(0, 2_000)}`);
}

export function complaintAbout(method: string, path: string, answer: HeardAnswer): string | null {
  const operation = operationOf(method, path);
  const { status, mediaType = '', text } = answer;
  if (operation === null) {
    if (status < 400) return 'the document has no such endpoint';
    return complaintOf('#problem', { $ref: `${ROOT}Problem` }, text);
  }
  const spec = operation['responses'][status] ?? (isBeforeRouting(status) ? anyProblem : undefined);
  if (spec === undefined) return 'the document has no such status for it';
  if (method === 'HEAD' || status === 304) return text === '' ? null : 'it has a body';
  if (spec.content === undefined) return text === '' ? null : 'it has a body';
  const type = mediaType.split(';')[0] ?? '';
  const content = spec.content[type];
  if (content === undefined) return `the document does not have the media type ${mediaType}`;
  if (!type.endsWith('json')) return null;
  return complaintOf(`${operation['operationId']} ${String(status)}`, content.schema, text);
}

const anyProblem = { content: { 'application/problem+json': { schema: { $ref: `${ROOT}Problem` } } } };

/** What can be answered to anything: a path that cannot be decoded, and what is not modified. */
function isBeforeRouting(status: number): boolean {
  return [400, 304].includes(status);
}

function complaintOf(key: string, schema: Json, text: string): string | null {
  let validate = validators.get(key);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    validators.set(key, validate);
  }
  if (validate(JSON.parse(text))) return null;
  const errors = validate.errors ?? [];
  return errors
    .map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`)
    .slice(0, 12)
    .join('\n');
}

/** The operation for a request; a path without a parameter goes before one with. */
export function operationOf(method: string, target: string): Json | null {
  const path = target.split('?')[0] ?? '';
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const templates = Object.keys(document['paths'])
    .filter((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 'i').test(path))
    .sort((a, b) => a.split('{').length - b.split('{').length);
  const found = templates[0] === undefined ? undefined : document['paths'][templates[0]][verb];
  return found ?? null;
}

/** The same, with no room for fields that it does not describe, and references that a validator follows. */
function closed(value: any): any {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === '$ref' && typeof inner === 'string' ? inner.replace('#/components/schemas/', ROOT) : closed(inner),
  ]);
  const copy = Object.fromEntries(entries) as Json;
  const isObject = copy['type'] === 'object' && typeof copy['properties'] === 'object';
  return isObject && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}
