/** What may come next: a value, a name or the end of an object, and so on. */
type Expected = 'value' | 'valueOrEnd' | 'name' | 'nameOrEnd' | 'colon' | 'commaOrEnd';

const WHITE_SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const STRING_BEGUN = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Where a text stops being JSON, in characters from 0; its length where it ends too early; null where it is
 * JSON. The engine's own messages tell the place of some errors, and of which depends on its version.
 */
export function findJsonError(text: string): number | null {
  const open: ('}' | ']')[] = [];
  let expected: Expected = 'value';
  let at = after(WHITE_SPACE, text, 0) ?? 0;
  for (;;) {
    if (at >= text.length) return expected === 'commaOrEnd' && open.length === 0 ? null : text.length;
    const char = text.charAt(at);
    const isEnd = expected === 'valueOrEnd' || expected === 'nameOrEnd' || expected === 'commaOrEnd';
    if (isEnd && open.length > 0 && char === open.at(-1)) {
      open.pop();
      expected = 'commaOrEnd';
      at += 1;
    } else {
      const step = stepOver(text, at, expected, open);
      if ('failedAt' in step) return step.failedAt;
      ({ at, expected } = step);
    }
    at = after(WHITE_SPACE, text, at) ?? at;
  }
}

type Step = { at: number; expected: Expected } | { failedAt: number };

function stepOver(text: string, at: number, expected: Expected, open: ('}' | ']')[]): Step {
  const char = text.charAt(at);
  switch (expected) {
    case 'colon':
      return char === ':' ? { at: at + 1, expected: 'value' } : { failedAt: at };
    case 'commaOrEnd':
      if (char !== ',' || open.length === 0) return { failedAt: at };
      return { at: at + 1, expected: open.at(-1) === '}' ? 'name' : 'value' };
    case 'name':
    case 'nameOrEnd':
      return char === '"' ? overString(text, at, 'colon') : { failedAt: at };
    case 'value':
    case 'valueOrEnd':
      return overValue(text, at, open);
  }
}

function overValue(text: string, at: number, open: ('}' | ']')[]): Step {
  const char = text.charAt(at);
  if (char === '{' || char === '[') {
    open.push(char === '{' ? '}' : ']');
    return { at: at + 1, expected: char === '{' ? 'nameOrEnd' : 'valueOrEnd' };
  }
  if (char === '"') return overString(text, at, 'commaOrEnd');
  const end = after(SCALAR, text, at);
  return end === null ? { failedAt: at } : { at: end, expected: 'commaOrEnd' };
}

function overString(text: string, at: number, expected: Expected): Step {
  const end = after(STRING, text, at);
  return end === null ? { failedAt: after(STRING_BEGUN, text, at) ?? at } : { at: end, expected };
}

/** Where a match that begins there ends. */
function after(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
