import { ProblemError } from '../../problem.js';
import { findJsonError } from './find-json-error.js';

/**
 * The JSON of a body, or a problem that says where it is none. `mediaType`: what the body was sent as; null
 * where that does not matter. A page of another origin can send every type but JSON without being asked.
 */
export function parseJsonText(text: string, mediaType: string | null): unknown {
  if (mediaType !== null && !/^application\/(?:[\w.-]+\+)?json$/.test(mediaType)) {
    const detail = `It was sent as ${mediaType}. Send JSON, with the header Content-Type: application/json.`;
    throw new ProblemError({ status: 400, title: 'The body is not JSON', detail });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProblemError({ status: 400, title: 'The body is not JSON', detail: whereIn(text) });
  }
}

function whereIn(text: string): string {
  if (text.trim() === '') return 'It is empty.';
  const offset = findJsonError(text);
  if (offset === null) return 'It cannot be read.';
  const lines = text.slice(0, offset).split('\n');
  const place = `line ${String(lines.length)}, column ${String((lines.at(-1) ?? '').length + 1)}`;
  const found = offset >= text.length ? 'it ends too early' : `${JSON.stringify(text[offset])} is not expected there`;
  return `At ${place}: ${found}.`;
}
