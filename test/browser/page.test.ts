import type { Browser, Page } from 'playwright-core';
import {
  describeWithBrowser,
  keepKey,
  openBrowser,
  seriousFindings,
  visit,
  type Look,
  type Visit,
} from '../support/browser.js';
import { KEY, MARKUP, READ_KEY, register, startPageWorld, type PageWorld } from '../support/page-world.js';

/** A loaded machine draws slowly; what is promised in seconds is measured where it is promised. */
const PATIENCE_MS = 15_000;

describeWithBrowser('the page', () => {
  let world: PageWorld;
  let browser: Browser;
  const visits: Visit[] = [];

  beforeAll(async () => {
    [world, browser] = await Promise.all([startPageWorld(), openBrowser()]);
  }, 90_000);
  afterEach(async () => {
    const troubles = visits.flatMap((one) => one.troubles);
    await Promise.all(visits.splice(0).map(({ context }) => context.close()));
    expect(troubles).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await world.service.close();
  });

  async function open(path: string, look: Look = { key: KEY }): Promise<Page> {
    const made = await visit(browser, world.base, path, look);
    visits.push(made);
    made.page.setDefaultTimeout(PATIENCE_MS);
    return made.page;
  }

  const story = (): string => `/sessions/${world.vanished}`;
  const views = (): string[] => ['/now', '/sessions', story(), '/delivery', '/budget', '/webhooks', '/set-up'];

  /** Until what the view reads is there. */
  async function settled(page: Page): Promise<void> {
    await page.locator('main').waitFor();
    await page.locator('.loading').first().waitFor({ state: 'detached' });
  }

  it('asks for a key, says so of a wrong one, and keeps the right one over a reload of the tab', async () => {
    const page = await open('/sessions?state=ended', {});
    await page.getByLabel('Key').fill('wrong');
    await page.getByRole('button', { name: 'Open the ledger' }).click();
    await page.getByRole('alert').filter({ hasText: 'not known' }).waitFor();
    await page.getByLabel('Key').fill(KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'lesson-4711' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'lesson-4711' }).waitFor();
    expect(new URL(page.url()).search).toBe('?state=ended');
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('tells a stranger of a vanished session when it was alive, when it was over, what was lost, and why', async () => {
    const page = await open('/now');
    // 1. What needs a look.
    await page.getByRole('link', { name: '1 session vanished' }).click();
    // 2. The session.
    await page.getByRole('link', { name: 'lesson-4711' }).click();
    // 3. Read the sentence at the top.
    const verdict = page.locator('.verdict');
    await verdict.filter({ hasText: 'It vanished: no source reported its end.' }).waitFor();
    const { body } = await world.service.api('GET', `/v1/sessions/${world.vanished}`, undefined, KEY);
    const clock = (at: string): string => new Date(at).toLocaleTimeString('en-GB');
    await verdict.filter({ hasText: `Last seen alive at` }).waitFor();
    await verdict.filter({ hasText: clock(body.endedAt.notBefore) }).waitFor();
    await verdict.filter({ hasText: `over by ${clock(body.endedAt.notAfter)} at the latest` }).waitFor();
    await verdict.filter({ hasText: 'the notification of its exit, 1 numbered notification' }).waitFor();
    // 4. Open the fact, and the evidence lights up.
    await page.getByRole('button', { name: /^▸?\s*Ended/ }).click();
    await page.getByText('it ended between the last sign of life and the first query that found no worker').waitFor();
    await page.getByRole('list', { name: 'Evidence for ended' }).getByText('found no worker (404)').first().waitFor();
    expect(await page.locator('.mark.is-evidence').count()).toBeGreaterThan(1);
    expect(new URL(page.url()).searchParams.get('fact')).toBe('endedAt');
  });

  it('shows both sources in one picture, the end that nobody saw, and the lost number', async () => {
    const page = await open(story());
    const marks = page.getByRole('listbox', { name: /Happenings/ });
    await marks
      .getByRole('option', { name: /^notification: / })
      .first()
      .waitFor();
    await marks
      .getByRole('option', { name: /^query: answered/ })
      .first()
      .waitFor();
    await marks
      .getByRole('option', { name: /^query: 404/ })
      .first()
      .waitFor();
    expect(await page.locator('.unseen').count()).toBe(1);
    expect(await page.locator('.gap').count()).toBe(1);
    expect(await page.locator('.band').count()).toBeGreaterThan(1);
    const table = page.getByRole('region', { name: 'Happenings' });
    await table
      .getByRole('row', { name: /not found/ })
      .first()
      .waitFor();
    await page.getByText('exit notice lost').first().waitFor();
    await page.getByText('Nothing to do: a query found the end.').waitFor();
  });

  it('shows the body of a mark as it came, and keeps what is pinned in the address', async () => {
    const page = await open(story());
    await page.getByRole('region', { name: 'Happenings' }).getByRole('button', { name: 'recorder started' }).click();
    await page
      .locator('.mark-detail pre')
      .filter({ hasText: `"noticeId": "${world.vanished}:0"` })
      .waitFor();
    await page.reload();
    await page
      .locator('.mark-detail pre')
      .filter({ hasText: `"noticeId": "${world.vanished}:0"` })
      .waitFor();
  });

  it('is walked through by keyboard alone: search, marks, range, back in time', async () => {
    const page = await open('/now');
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type(`${world.vanished}:0`);
    await page.keyboard.press('Enter');
    await page.locator('.mark-detail').waitFor();
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const active = (): Promise<string | null> => page.getByRole('listbox').getAttribute('aria-activedescendant');
    const before = await active();
    await page.keyboard.press('ArrowRight');
    expect(await active()).not.toBe(before);
    await page.keyboard.press('+');
    await page.waitForURL(/from=/);
    await page.keyboard.press('0');
    await page.waitForURL((url) => !url.searchParams.has('from'));
    await page.getByLabel('What the ledger knew').focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/asOf=/);
    await page.getByText('What led to this version').waitFor();
  });

  it('takes a range that is dragged with the mouse', async () => {
    const page = await open(story());
    await page.getByRole('option').first().waitFor();
    const box = await page.locator('svg.picture').boundingBox();
    if (box === null) throw new Error('The picture is not shown.');
    await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/);
  });

  it('shows a new session within ten seconds, without a reload, and what users wrote as text', async () => {
    const page = await open('/sessions');
    await page.getByRole('link', { name: MARKUP }).waitFor();
    const sid = `new-${String(Date.now())}`;
    await register(world.service, sid, 'lesson-new');
    await page.getByRole('row', { name: new RegExp(sid) }).waitFor({ timeout: 10_000 });
    expect(await page.title()).toBe('Sessions – recording-ledger');
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  it('shares one stream of changes among the tabs of a browser', async () => {
    const page = await open('/now');
    await page.getByText('live', { exact: true }).waitFor();
    const other = await page.context().newPage();
    const streams: string[] = [];
    other.on('request', (request) => request.url().includes('/stream') && streams.push(request.url()));
    await other.addInitScript(keepKey(KEY));
    await other.goto(`${world.base}/sessions`);
    const sid = `shared-${String(Date.now())}`;
    await other.getByRole('table', { name: 'Sessions' }).waitFor();
    await register(world.service, sid, 'lesson-shared');
    await other.getByRole('row', { name: new RegExp(sid) }).waitFor({ timeout: 10_000 });
    expect(streams).toEqual([]);
  });

  it('asks Agora now, and says of a key that may only read that it may not', async () => {
    const page = await open(`/sessions/${world.alive}`, { key: KEY });
    await page.getByRole('button', { name: 'Ask now' }).click();
    await page.getByText('as soon as the budget allows').waitFor();
    const reader = await open(`/sessions/${world.alive}`, { key: READ_KEY });
    await reader.getByRole('button', { name: 'Ask now' }).click();
    await reader.getByText('This key may only read.').waitFor();
  });

  it('turns the steps of the set-up green', async () => {
    const page = await open('/set-up');
    const done = page.getByRole('listitem').filter({ hasText: 'done' });
    await done.filter({ hasText: 'A signed notification was seen' }).waitFor();
    await done.filter({ hasText: 'A session was registered' }).waitFor();
    await done.filter({ hasText: 'A query was answered' }).waitFor();
  });

  it('shows numbers and times as the language of the browser has them, and UTC on demand', async () => {
    const page = await open(story(), { key: KEY, locale: 'de-DE' });
    await page
      .getByText('Dez')
      .or(page.getByText(/\d\d\. \p{L}+/u))
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'UTC', exact: true }).click();
    await page.locator('button[aria-pressed=true]').filter({ hasText: 'UTC' }).waitFor();
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`has no serious finding of axe in any view, ${theme}`, async () => {
      const page = await open('/now', { key: KEY, theme });
      for (const path of views()) {
        await page.goto(`${world.base}${path}`);
        await settled(page);
        expect([path, await seriousFindings(page)]).toEqual([path, []]);
      }
    }, 90_000);
  }

  it('fits a screen of 390 px without scrolling sideways, in every view', async () => {
    const page = await open('/now', { key: KEY, width: 390, height: 800 });
    for (const path of views()) {
      await page.goto(`${world.base}${path}`);
      await settled(page);
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390]);
    }
  }, 90_000);

  it('says of an unknown session that it is not known', async () => {
    const page = await open('/sessions/nobody-knows-it');
    await page.getByText('The ledger knows no such session').waitFor();
  });
});

describeWithBrowser('without keys', () => {
  it('is asked for none', async () => {
    const { startTestService } = await import('../support/service.js');
    const [service, browser] = await Promise.all([startTestService(), openBrowser()]);
    const { page, troubles } = await visit(browser, `http://127.0.0.1:${String(service.app.apiPort)}`, '/');
    await page.getByRole('heading', { name: 'Needs a look' }).waitFor({ timeout: PATIENCE_MS });
    expect(troubles).toEqual([]);
    await browser.close();
    await service.close();
  });
});
