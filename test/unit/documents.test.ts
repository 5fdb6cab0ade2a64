import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { settingsTable } from '../../src/config/settings.js';
import { FINDING_RULES, findingsTable } from '../../src/sessions/findings/find-findings.js';

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

/** What stands in a document between `<!-- name -->` and `<!-- /name -->`. */
function part(document: string, name: string): string {
  return document.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0]?.trim() ?? '';
}

async function asWritten(markdown: string): Promise<string> {
  const options = await resolveConfig('README.md');
  return (await format(markdown, { ...options, parser: 'markdown' })).trim();
}

describe('the documents', () => {
  it('list every setting as the code has it', async () => {
    expect(part(read('README.md'), 'settings')).toBe(await asWritten(settingsTable()));
  });

  it('list every finding as the code has it', async () => {
    expect(part(read('docs/findings.md'), 'findings')).toBe(await asWritten(findingsTable()));
  });

  it('name every finding once', () => {
    const codes = FINDING_RULES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
