import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

const COMPONENTS = '#/components/schemas/';

/**
 * JSON Schemas of what is sent and of what is taken, those that have an id as components that the others refer
 * to. Fields that are not described are not forbidden: a later release may add some.
 */
export function jsonSchemas(schemas: readonly z.ZodType[], io: 'input' | 'output') {
  const { $defs = {}, prefixItems = [] } = z.toJSONSchema(z.tuple(schemas as [z.ZodType]), {
    io,
    override: ({ jsonSchema }) => {
      tidy(jsonSchema);
    },
  });
  const inPlace = (schema: unknown): JsonSchema => toComponents(schema) as JsonSchema;
  const components = Object.entries($defs).map(([id, schema]) => [id, inPlace(schema)] as const);
  return { components: Object.fromEntries(components), schemas: prefixItems.map(inPlace) };
}

/** What a parameter is on the wire, where its schema reads it out of text: an integer, a flag, a list. */
export const WIRE = 'x-wire';

function tidy(schema: Record<string, unknown>): void {
  const { [WIRE]: wire } = schema;
  if (typeof wire === 'object' && wire !== null) {
    const { description } = schema;
    for (const key of Object.keys(schema)) Reflect.deleteProperty(schema, key);
    Object.assign(schema, wire, { description });
  }
  if (schema['additionalProperties'] === false) delete schema['additionalProperties'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  foldNull(schema);
  const names = schema['propertyNames'];
  if (JSON.stringify(names) === '{"type":"string"}') delete schema['propertyNames'];
}

/** `anyOf` this or null is told in fewer words where this is no object. */
function foldNull(schema: Record<string, unknown>): void {
  const { anyOf } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return;
  const [other, none] = anyOf as Record<string, unknown>[];
  if (other === undefined || none?.['type'] !== 'null') return;
  if (other['description'] === schema['description']) delete other['description'];
  if (typeof other['type'] !== 'string' || other['type'] === 'object') return;
  const values = Array.isArray(other['enum']) ? { enum: [...(other['enum'] as unknown[]), null] } : {};
  delete schema['anyOf'];
  Object.assign(schema, { ...other, type: [other['type'], 'null'], ...values }, schema);
}

function toComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponents);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', COMPONENTS) : toComponents(inner),
  ]);
  return Object.fromEntries(entries) as unknown;
}
