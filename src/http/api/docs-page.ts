import { readFile } from 'node:fs/promises';
import { OWN_CONTENT_ONLY } from './content-policy.js';

export const DOCS_HEADERS = {
  'Content-Security-Policy': OWN_CONTENT_ONLY.join('; '),
  'X-Content-Type-Options': 'nosniff',
};

export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>recording-ledger API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`;

/** Where the build puts them: beside the code, seen from `dist` and from `src` alike. */
const FOLDER = new URL('../../../dist/swagger-ui/', import.meta.url);

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript',
  'swagger-ui.css': 'text/css',
  LICENSE: 'text/plain',
  NOTICE: 'text/plain',
};

/** A part of the page by its name; null where it has none of that name. */
export async function readDocsFile(name: string): Promise<{ mediaType: string; content: string } | null> {
  if (name === 'start.js') return { mediaType: 'text/javascript', content: START };
  const mediaType = Object.hasOwn(MEDIA_TYPES, name) ? MEDIA_TYPES[name] : undefined;
  if (mediaType === undefined) return null;
  return { mediaType, content: await readFile(new URL(name, FOLDER), 'utf8') };
}
