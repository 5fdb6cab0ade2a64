// The page: src/page made into dist/page by Vite, with what to do about each finding put in as data.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../', import.meta.url));

/** `findings`: FINDING_RULES of the built service. */
export async function buildPage(findings) {
  const advice = Object.fromEntries(findings.map(({ code, advice: todo }) => [code, todo]));
  await build({
    configFile: false,
    logLevel: 'warn',
    root: join(root, 'src', 'page'),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { FINDING_ADVICE: JSON.stringify(advice) },
    build: {
      outDir: join(root, 'dist', 'page'),
      emptyOutDir: true,
      target: 'es2023',
      // Both would put code or data into the document, which its policy forbids.
      modulePreload: false,
      assetsInlineLimit: 0,
    },
  });
}
