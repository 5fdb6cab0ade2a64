// What the build adds to dist/ beside compiled code: the page of /docs, the document of the API as a
// file, the client that is made of it, and the page.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClient } from './build-client.mjs';
import { buildPage } from './build-page.mjs';

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const page = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

mkdirSync(join(dist, 'swagger-ui'), { recursive: true });
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE']) {
  copyFileSync(join(page, file), join(dist, 'swagger-ui', file));
}

const { describeApi } = await import('../dist/http/api/describe-api.js');
const document = describeApi();
writeFileSync(join(dist, 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
await buildClient(document);

const { FINDING_RULES } = await import('../dist/sessions/findings/find-findings.js');
await buildPage(FINDING_RULES);
