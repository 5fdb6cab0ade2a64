import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const program = process.env['LEDGER_TEST_CHROMIUM'] ?? '';

/** Without a browser these tests do not run; the run has said so in one of its first lines. */
export const describeWithBrowser = program === '' ? describe.skip : describe;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function openBrowser(): Promise<Browser> {
  const quiet = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', ...quiet] });
}

export type Look = { width?: number; height?: number; theme?: 'light' | 'dark'; locale?: string; key?: string };

export type Visit = {
  context: BrowserContext;
  page: Page;
  /** What went wrong in the page: errors, violations of its policy, and requests to another origin. */
  troubles: string[];
};

/** A tab of a browser of its own. With `key` it has been told the key already. */
export async function visit(browser: Browser, base: string, path: string, look: Look = {}): Promise<Visit> {
  const { width = 1280, height = 900, theme = 'light', locale = 'en-GB', key } = look;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(message.text())) troubles.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) troubles.push(request.url());
  });
  if (key !== undefined) {
    await page.addInitScript(keepKey(key));
  }
  await page.goto(`${base}${path}`);
  return { context, page, troubles };
}

/** What a tab runs that has been told the key before. */
export function keepKey(key: string): string {
  return `sessionStorage.setItem('recording-ledger.key', ${JSON.stringify(key)})`;
}

type Violation = { id: string; impact: string; nodes: { html: string }[] };

/** What axe finds wrong that is serious or worse, each with the first element that has it. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // By the debugger, which the policy of the page does not concern.
  await page.evaluate(AXE);
  const violations = await page.evaluate<Violation[]>('axe.run().then(({ violations }) => violations)');
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200) ?? ''}`);
}
