import { z } from 'zod';
import { DOCS_HEADERS, DOCS_PAGE, readDocsFile } from './docs-page.js';
import { words } from './answers/fields.js';
import type { OpenContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { notFound } from '../problem.js';

const route = routesFor<OpenContext>();

const ofDocument = { method: 'get', tag: 'status', role: 'none' } as const;

const readDocument = route({
  ...ofDocument,
  path: '/openapi.json',
  id: 'readDocument',
  summary: 'This document',
  description: 'What this listener serves, as OpenAPI 3.1.',
  answers: {
    200: {
      description: 'The document.',
      schema: z.record(z.string(), z.unknown()).meta({ id: 'Document', description: 'An OpenAPI 3.1 document.' }),
    },
  },
  handle: ({ readDocument: read }) => ({ status: 200, body: read() }),
});

const readDocs = route({
  ...ofDocument,
  path: '/docs',
  id: 'readDocs',
  summary: 'This document, to read',
  description: 'A page that shows this document, and on which requests can be tried. Asks no other host for anything.',
  answers: { 200: { description: 'The page.', schema: words('HTML.'), mediaTypes: ['text/html'] } },
  handle: () => ({ status: 200, body: DOCS_PAGE, headers: DOCS_HEADERS }),
});

const readDocsPart = route({
  ...ofDocument,
  path: '/docs/{file}',
  id: 'readDocsPart',
  summary: 'A part of the page',
  description: 'Scripts and styles of `/docs`.',
  pathParameters: { file: z.string().meta({ description: 'Its name.' }) },
  answers: {
    200: {
      description: 'A script or a style sheet.',
      schema: words('The file.'),
      mediaTypes: ['text/javascript', 'text/css', 'text/plain'],
    },
  },
  problems: { 404: 'The page has no such part.' },
  handle: async (_context, { path }, response) => {
    const file = await readDocsFile(path.file);
    if (file === null) throw notFound(`The page has no part ${path.file}.`);
    response.set(DOCS_HEADERS).type(file.mediaType).send(file.content);
    return null;
  },
});

export const documentRoutes = [readDocument, readDocs, readDocsPart];
