// The page: src/page made into dist/page by Vite, and what to do about each finding beside it, as data.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../', import.meta.url));

/** `findings`: FINDING_RULES of the built service. */
export async function buildPage(findings) {
  // A build that a test run starts has its NODE_ENV, and would make a page for development, a third larger.
  process.env.NODE_ENV = 'production';
  const advice = JSON.stringify(Object.fromEntries(findings.map(({ code, advice: todo }) => [code, todo])));
  const adviceName = `findings-${createHash('sha256').update(advice).digest('base64url').slice(0, 8)}.json`;
  await build({
    configFile: false,
    logLevel: 'warn',
    root: join(root, 'src', 'page'),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { FINDING_ADVICE_URL: JSON.stringify(`/assets/${adviceName}`) },
    build: {
      outDir: join(root, 'dist', 'page'),
      emptyOutDir: true,
      target: 'es2023',
      // Both would put code or data into the document, which its policy forbids.
      modulePreload: false,
      assetsInlineLimit: 0,
    },
  });
  writeFileSync(join(root, 'dist', 'page', 'assets', adviceName), advice);
}
