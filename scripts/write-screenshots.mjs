// `node scripts/write-screenshots.mjs <url> <key> <sid> <folder>`: every view of a running service, in both themes and
// two widths, to be looked at. Needs a browser at TEST_CHROMIUM or on the PATH.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/support/find-chromium.mjs';

const [url, key, sid, folder = 'screenshots'] = process.argv.slice(2);
const program = findChromium();
if (url === undefined || key === undefined || sid === undefined || program === null) {
  console.error('usage: node scripts/write-screenshots.mjs <url> <key> <sid> [<folder>]');
  process.exit(1);
}

const VIEWS = {
  now: '/now',
  sessions: '/sessions',
  day: `/sessions?day=${new Date().toISOString().slice(0, 10)}`,
  story: `/sessions/${sid}`,
  fact: `/sessions/${sid}?fact=endedAt`,
  delivery: '/delivery',
  budget: '/budget',
  webhooks: '/webhooks',
  'set-up': '/set-up',
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
for (const colorScheme of ['light', 'dark']) {
  for (const width of [1200, 390]) {
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB', deviceScaleFactor: 1 });
    const page = await context.newPage();
    await page.addInitScript((told) => sessionStorage.setItem('recording-ledger.key', told), key);
    for (const [name, path] of Object.entries(VIEWS)) {
      await page.goto(new URL(path, url).href);
      await page.locator('main').waitFor();
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      // Marks are drawn once the happenings are there.
      if (path.startsWith(`/sessions/${sid}`)) await page.getByRole('option').first().waitFor();
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
    }
    await context.close();
  }
}
await browser.close();
