import fc from 'fast-check';
import { canonicalJson } from '../../../src/agora/canonical-json.js';

/** The same content with the keys of every object in another order. */
function turnedAround(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(turnedAround);
  const fields = Object.entries(value).map(([name, field]) => [name, turnedAround(field)]);
  return Object.fromEntries(fields.reverse()) as unknown;
}

describe('canonical JSON', () => {
  it('is the same for the same content, in whatever order it was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(turnedAround(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('tells different content apart, also where a field has the name of the prototype', () => {
    const texts = ['{}', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', '{"a":1}', '[1]', '"1"'];
    const written = texts.map((text) => canonicalJson(JSON.parse(text)));
    expect(new Set(written).size).toBe(texts.length);
  });

  it('is of what is nested up to a hundred deep; beyond that there is none', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    expect(canonicalJson(nested(101))).toBe(JSON.stringify(nested(101)));
    expect(canonicalJson(nested(102))).toBeNull();
    expect(canonicalJson(nested(500_000))).toBeNull();
  });
});
