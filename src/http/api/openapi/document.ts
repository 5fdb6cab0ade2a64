import type { z } from 'zod';
import { problemSchema } from './problem-schema.js';
import { jsonSchemas, type JsonSchema } from './json-schemas.js';
import { mediaTypesOf, type AnswerSpec, type Role, type Route } from './route.js';

/** What a real service answered and was sent, by the ids of endpoints. */
export type Examples = Readonly<Record<string, { request?: unknown; answers?: Readonly<Record<string, unknown>> }>>;

type Row = Omit<Route<never>, 'answer'>;
type Json = Readonly<Record<string, unknown>>;

export type Tag = { name: string; description: string };

/** The table of routes as an OpenAPI 3.1 document. */
export function openApiDocument(
  rows: readonly Row[],
  { tags, version, examples }: { tags: readonly Tag[]; version: string; examples: Examples },
): Json {
  const sent = jsonSchemas([problemSchema, ...rows.flatMap(sentSchemas)], 'output');
  const taken = jsonSchemas(rows.flatMap(takenSchemas), 'input');
  const sentOf = schemaFinder([problemSchema, ...rows.flatMap(sentSchemas)], sent.schemas);
  const takenOf = schemaFinder(rows.flatMap(takenSchemas), taken.schemas);
  return {
    openapi: '3.1.0',
    info: info(version),
    servers: [{ url: '/', description: 'The listener that serves this document.' }],
    tags,
    security: [{ key: [] }],
    paths: pathsOf(rows, (row) => operation(row, sentOf, takenOf, examples[row.id] ?? {})),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key of `API_KEYS`. Where none is set, none is needed.' },
      },
      schemas: { ...taken.components, ...sent.components },
    },
  };
}

function info(version: string): Json {
  return {
    title: 'recording-ledger',
    version,
    summary: 'A reconciled ledger of Agora cloud recording sessions.',
    description: [
      'Times are ISO 8601 in UTC with milliseconds. Lists page by an opaque cursor: `limit` and `cursor`, and `next` in the answer. Errors are problem documents (RFC 9457).',
      'Parameters that an endpoint does not have are refused. Answers may get more fields in a later release.',
    ].join('\n\n'),
    license: { name: 'MIT', identifier: 'MIT' },
  };
}

type SchemaOf = (schema: z.ZodType) => JsonSchema;

function schemaFinder(schemas: readonly z.ZodType[], written: readonly JsonSchema[]): SchemaOf {
  const known = new Map(schemas.map((schema, index) => [schema, written[index] ?? {}]));
  return (schema) => known.get(schema) ?? {};
}

function sentSchemas({ answers }: Row): z.ZodType[] {
  return Object.values(answers).flatMap(({ schema }) => (schema === null ? [] : [schema]));
}

function takenSchemas({ pathParameters, query, body }: Row): z.ZodType[] {
  return [...Object.values(pathParameters), ...Object.values(query), ...(body === null ? [] : [body])];
}

function pathsOf(rows: readonly Row[], describe: (row: Row) => Json): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const row of rows) paths[row.path] = { ...paths[row.path], [row.method]: describe(row) };
  return paths;
}

function operation(row: Row, sentOf: SchemaOf, takenOf: SchemaOf, example: Examples[string]): Json {
  const { id, tag, summary, description, role, body } = row;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `${description}${KEY_NEEDED[role]}`,
    ...(role === 'none' ? { security: [] } : {}),
    parameters: parametersOf(row, takenOf),
    ...(body === null ? {} : { requestBody: requestBody(takenOf(body), example, row.takesNoBody !== true) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(row.answers).map(([status, spec]) => [status, answer(spec, sentOf, example.answers?.[status])]),
      ),
      ...Object.fromEntries(
        Object.entries(problemsOf(row)).map(([status, when]) => [status, problem(when, sentOf, example, status)]),
      ),
    },
  };
}

const KEY_NEEDED: Record<Role, string> = {
  none: ' Needs no key.',
  read: '',
  write: ' Needs a key that may write.',
};

function parametersOf({ pathParameters, query }: Row, takenOf: SchemaOf): Json[] {
  const parameter =
    (place: 'path' | 'query') =>
    ([name, schema]: [string, z.ZodType]): Json => {
      const { description, ...written } = takenOf(schema);
      const isList = written['type'] === 'array';
      return {
        name,
        in: place,
        required: place === 'path',
        ...(isList ? { style: 'form', explode: false } : {}),
        description,
        schema: written,
      };
    };
  return [...Object.entries(pathParameters).map(parameter('path')), ...Object.entries(query).map(parameter('query'))];
}

function requestBody(schema: JsonSchema, { request }: Examples[string], required: boolean): Json {
  const content = { schema, ...(request === undefined ? {} : { example: request }) };
  return { required, content: { 'application/json': content } };
}

function answer(spec: AnswerSpec, sentOf: SchemaOf, example: unknown): Json {
  const { description, schema, headers = {} } = spec;
  const content = schema === null ? {} : { schema: sentOf(schema), ...(example === undefined ? {} : { example }) };
  return {
    description,
    ...(Object.keys(headers).length === 0 ? {} : { headers: headersOf(headers) }),
    ...(schema === null ? {} : { content: contentOf(spec, content) }),
  };
}

function contentOf(spec: AnswerSpec, content: Json): Json {
  return Object.fromEntries(mediaTypesOf(spec).map((mediaType) => [mediaType, content]));
}

function headersOf(headers: Readonly<Record<string, string>>): Json {
  const described = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return Object.fromEntries(described) as Json;
}

function problem(when: string, sentOf: SchemaOf, { answers }: Examples[string], status: string): Json {
  const example = answers?.[status];
  const content = { schema: sentOf(problemSchema), ...(example === undefined ? {} : { example }) };
  return { description: when, content: { 'application/problem+json': content } };
}

/** What the endpoint refuses itself, and what is refused before it: see `mount-routes.ts`. */
function problemsOf({ role, body, pathParameters, query, problems = {} }: Row): Readonly<Record<string, string>> {
  const takesSomething = body !== null || role !== 'none' || Object.keys({ ...pathParameters, ...query }).length > 0;
  return {
    ...(takesSomething ? { 400: 'A part of the request is not valid; `errors` names each.' } : {}),
    ...(role === 'none' ? {} : { 401: 'A valid key is needed.' }),
    ...(role === 'write' ? { 403: 'The key may only read.' } : {}),
    ...(body === null ? {} : { 413: 'The body is larger than 1 MiB.' }),
    ...(role === 'none' ? {} : { 503: 'Not served just now: come again after `Retry-After` seconds.' }),
    ...problems,
  };
}
