import { readFileSync } from 'node:fs';
import examples from './openapi/examples.json' with { type: 'json' };
import { openApiDocument } from './openapi/document.js';
import { LEDGER_ROUTES, OPEN_ROUTES, TAGS } from './routes.js';

/** This API as an OpenAPI document. */
export function describeApi(): Readonly<Record<string, unknown>> {
  return openApiDocument([...LEDGER_ROUTES, ...OPEN_ROUTES], { tags: TAGS, version: readVersion(), examples });
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
