import { Router, static as serveFiles, type Request } from 'express';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OWN_CONTENT_ONLY } from './content-policy.js';

/** And no text becomes markup, whoever wrote it. */
const POLICY = [...OWN_CONTENT_ONLY, "require-trusted-types-for 'script'", "trusted-types 'none'"].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** The addresses of its views: each is the same document, which reads the rest from the address. */
const VIEWS = ['/', '/now', '/sessions', '/sessions/:sid', '/delivery', '/budget', '/webhooks', '/set-up'];

/** Where the build puts it: beside the code, seen from `dist` and from `src` alike. */
const FOLDER = fileURLToPath(new URL('../../../dist/page/', import.meta.url));

/** The page, to whoever does not ask for JSON. Its files hold nothing of the ledger, so they need no key. */
export function servePage(folder = FOLDER): Router {
  const router = Router();
  router.use(
    '/assets',
    serveFiles(`${folder}assets`, { immutable: true, maxAge: '1y', index: false, redirect: false }),
  );
  router.get(VIEWS, (request, response, next) => {
    response.vary('Accept');
    if (!wantsPage(request) || !existsSync(`${folder}index.html`)) next();
    else response.sendFile('index.html', { root: folder, headers: { ...HEADERS, 'Cache-Control': 'no-cache' } });
  });
  return router;
}

function wantsPage(request: Request): boolean {
  return request.accepts(['html', 'json']) === 'html';
}
