import fc from 'fast-check';
import { findJsonError } from '../../../src/http/api/openapi/find-json-error.js';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('where a text stops being JSON', () => {
  it.each([
    ['', 0],
    ['{"a":', 5],
    ['{"a":x}', 5],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{a:1}', 1],
    ['{"a" 1}', 5],
    ['"abc', 4],
    ['"a\nb"', 2],
    ['"\\x"', 1],
    ['01', 1],
    ['nul', 0],
    ['{"a":1}}', 7],
    ['[}', 1],
    ['1,2', 1],
  ])('is told of %j: %i', (text, offset) => {
    expect(findJsonError(text)).toBe(offset);
  });

  it('is nowhere in JSON, and somewhere in everything else', () => {
    const alphabet = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '0',
      '1',
      '-',
      '+',
      '.',
      'e',
      'E',
      ' ',
      '\n',
      '\\',
      'u',
      'true',
      'null',
      '"a"',
      '\\u0041',
    );
    const texts = fc.array(alphabet, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(texts, fc.json()), (text) => (findJsonError(text) === null) === isJson(text)),
      { numRuns: 5_000 },
    );
  });

  it('is found in depths that no recursion reaches', () => {
    expect(findJsonError('['.repeat(200_000))).toBe(200_000);
  });
});
