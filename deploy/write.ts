// Writes what is made of code in this folder: `npm run deployment`, which runs it from .deploy/deploy.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writtenFiles } from './written-files.js';

const FOLDER = fileURLToPath(new URL('../../deploy/', import.meta.url));

for (const [path, text] of await writtenFiles()) {
  await mkdir(dirname(join(FOLDER, path)), { recursive: true });
  await writeFile(join(FOLDER, path), text);
}
