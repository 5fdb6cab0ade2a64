// Writes the parts of the documents that are made of the code: `npm run documents`.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { settingsTable } from '../dist/config/settings.js';
import { findingsTable } from '../dist/sessions/findings/find-findings.js';

await write('README.md', 'settings', settingsTable());
await write('docs/findings.md', 'findings', findingsTable());

async function write(name, part, table) {
  const file = new URL(`../${name}`, import.meta.url);
  const [before, rest] = readFileSync(file, 'utf8').split(`<!-- ${part} -->`);
  const [, after] = rest.split(`<!-- /${part} -->`);
  const document = `${before}<!-- ${part} -->\n\n${table}\n\n<!-- /${part} -->${after}`;
  const options = await resolveConfig('README.md');
  writeFileSync(file, await format(document, { ...options, parser: 'markdown' }));
}
