// The client of dist/openapi.json: its types out of that document, then its code as ES modules and as CommonJS.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const types = join(root, 'src', 'generated', 'api.ts');

/** The types of the document, as they are written to src/generated/api.ts. It may be changed on the way. */
export async function typesOf(document) {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  // A field with a default may be left out of a request.
  return astToString(await openapiTS(document, { defaultNonNullable: false }));
}

export async function buildClient(document) {
  const written = await typesOf(document);
  // A file that says the same is left alone: what is newer than the last build is built again.
  if (!existsSync(types) || readFileSync(types, 'utf8') !== written) {
    mkdirSync(dirname(types), { recursive: true });
    writeFileSync(types, written);
  }
  compile('tsconfig.client.json');
  compile('tsconfig.client-commonjs.json');
  // Node takes .js for what the nearest package.json says.
  writeFileSync(join(root, 'dist', 'commonjs', 'package.json'), '{ "type": "commonjs" }\n');
}

function compile(project) {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${project} does not compile.`);
}
