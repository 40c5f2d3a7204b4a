// The dashboard in a real browser against a real service: what it shows is what the API answers, it works by keyboard,
// on a phone and on a desk, in light and dark, says when the service is gone, and loads nothing from elsewhere.

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { BUCKETS } from '../../src/payouts/buckets/bucket.js';
import { AutomaticRewardDistributor } from '../../src/payouts/buckets/distributor.js';
import { createServer, type FocusServer } from '../../src/server/app.js';
import { binariesHere } from '../chromium/binaries.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 4, 1) / HOUR;
const HOURS = 30;

/** A service that listens. */
interface Opened {
  readonly server: FocusServer;
  readonly url: string;
}

let browser: Browser;
let service: Opened;

/** Thirty settled hours, and claims in the present one. */
async function lived(): Promise<Ledger> {
  const ledger = openLedger(openSqliteStore(':memory:'));
  let nowMs = START * HOUR;
  const distributor = new AutomaticRewardDistributor({ ledger, now: () => nowMs });
  for (let i = 0; i <= HOURS; i++) {
    nowMs = (START + i) * HOUR;
    await distributor.settleDue();
    await distributor.submitClaim('inference', 'a', { tokens: 1_000_000 + 300_000 * i });
    if (i % 3 === 0) await distributor.submitClaim('learning', 'b', { improvementPct: 30 });
    if (i % 2 === 0) await distributor.submitClaim('validation', 'c', { tasks: 1 + i });
  }
  return ledger;
}

async function opened(ledger: Ledger, port = 0): Promise<Opened> {
  const server = await createServer({
    ledger,
    logLevel: 'silent',
    settles: false,
    now: () => (START + HOURS) * HOUR + 60_000,
  });
  return { server, url: await server.listen({ host: '127.0.0.1', port }) };
}

async function launched(): Promise<Browser> {
  const reasons: string[] = [];
  for (const { path: executablePath, libraries } of binariesHere()) {
    const env = { ...process.env, ...(libraries === null ? {} : { LD_LIBRARY_PATH: libraries }) };
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--headless=new'];
    try {
      return await chromium.launch({ executablePath, args, env: env as Record<string, string> });
    } catch (error) {
      reasons.push(`${executablePath}: ${String(error)}`);
    }
  }
  throw new Error(`no Chromium starts here: ${reasons.join('; ')}`);
}

beforeAll(async () => {
  browser = await launched();
  service = await opened(await lived());
});

afterAll(async () => {
  await browser.close();
  await service.server.close();
});

/** Opens the page; `complaints` collects what the browser has to say against it. */
async function visit(
  options: BrowserContextOptions = {},
  { url } = service,
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(`${url}/dashboard`);
  await page.waitForSelector('#connection.up');
  return { page, complaints };
}

interface Status {
  readonly buckets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Hour {
  readonly buckets: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const get = async <T>(path: string): Promise<T> =>
  (await (await fetch(service.url + path)).json()) as T;

async function settledHours(): Promise<readonly Hour[]> {
  return (await get<{ hours: readonly Hour[] }>('/rewards/buckets/metrics?hours=168')).hours;
}

const grantedOf = ({ buckets }: Hour): number => buckets['inference']['granted_bly'];

/** Whether a shown text is a number, but for the rounding of its last shown digit. */
function expectShown(text: string | null, value: number, rounding = 0.51): void {
  expect(Math.abs(Number((text ?? '').replace(/[^0-9.]/g, '')) - value)).toBeLessThan(rounding);
}

it('shows what the service answers, under a policy that allows nothing else', async () => {
  const { page, complaints } = await visit();
  const { buckets } = await get<Status>('/rewards/buckets/status');
  const hours = await settledHours();
  expect(hours).toHaveLength(HOURS);
  for (const [i, bucket] of BUCKETS.entries()) {
    const facts = page.locator('.bucket').nth(i).locator('dd');
    const exact = buckets[bucket];
    const title = async (which: number): Promise<number> =>
      Number((await facts.nth(which).getAttribute('title'))?.replace(/,| BLY/g, ''));
    expect(await title(1)).toBe(Number(exact['claimed_bly_exact']));
    expect(await title(5)).toBe(Number(exact['total_bly_exact']));
    // The cursor begins at the newest hour.
    const last = hours[HOURS - 1].buckets[bucket];
    const shown = (id: string): Promise<string | null> =>
      page.locator(`#${id} .legend .value`).nth(i).textContent();
    expectShown(await shown('granted'), last['granted_bly']);
    expectShown(await shown('backpay'), last['queued_bly']);
    const share = Math.min(1, last['granted_bly'] / last['allotted_bly']);
    expectShown(await shown('utilisation'), 100 * share, 0.051);
  }
  // Bars are as high as their amounts on the axis, whose ends are its first and last labels.
  const plot = page.locator('#granted .plot');
  const labels = await plot
    .locator('text[text-anchor=end]')
    .evaluateAll((texts) => texts.map((each) => [each.getAttribute('y'), each.textContent]));
  const [[low, zero], [high, most]] = [labels[0], labels[labels.length - 1]];
  expect([zero, most]).toEqual(['0', '20K']);
  const scale = (Number(low) - Number(high)) / 20_000;
  for (const bucket of BUCKETS) {
    const heights = await plot
      .locator(`rect.area.${bucket}`)
      .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('height'))));
    const amounts = hours.map((hour) => hour.buckets[bucket]['granted_bly']);
    const some = amounts.filter((amount) => amount > 0);
    expect(heights).toHaveLength(some.length);
    for (const [k, height] of heights.entries()) {
      expect(Math.abs(height - scale * some[k])).toBeLessThan(0.3);
    }
  }
  const shares = await page.locator('#shares .legend .value').allTextContents();
  const sum = shares.reduce((all, text) => all + Number.parseFloat(text), 0);
  expect(Math.abs(sum - 100)).toBeLessThan(0.3);
  expect(await page.locator('#hours-table tbody tr').count()).toBe(HOURS);
  await expect.poll(() => page.locator('#rates tbody tr').count()).toBe(4);
  const answer = await fetch(`${service.url}/dashboard`);
  const rules = answer.headers.get('content-security-policy');
  expect(rules).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(await answer.text()).not.toMatch(/<script(?![^>]*src=)|style=|\son\w+=/);
  expect(complaints).toEqual([]);
  await page.context().close();
});

it('calculates by estimates and habits, and says which field is wrong', async () => {
  const { page } = await visit();
  const answer = page.locator('#estimate');
  const sum = (): Promise<string | null> => answer.locator('.sum').textContent();
  // By keyboard: Enter in a field asks.
  await page.getByLabel('Tokens').press('Enter');
  await expect.poll(sum).toBe('110 BLY');
  await page.getByLabel('Hours a day').fill('8');
  await page.getByLabel('Hours a day').press('Enter');
  await expect.poll(sum).toBe('880 BLY a day');
  expect(await answer.textContent()).toContain('6,160 BLY a week');
  await page.getByLabel('Quality').fill('9');
  await page.getByRole('button', { name: 'Calculate' }).click();
  const bad = (): Promise<string | null> => answer.locator('.bad').textContent();
  await expect.poll(bad).toMatch(/quality: expected 0.5 to 1.5/);
  expect(await page.getByLabel('Quality').getAttribute('aria-invalid')).toBe('true');

  await page.getByRole('radio', { name: 'Inference' }).press('ArrowRight');
  expect(await page.getByRole('radio', { name: 'Learning' }).isChecked()).toBe(true);
  await page.getByLabel('Improvement in %').press('Enter');
  await expect.poll(sum).toBe('2,000 BLY');
  await page.getByRole('radio', { name: 'Dataset' }).check();
  await page.getByLabel('Gigabytes').fill('50');
  await page.getByLabel('Diversity').fill('1.1');
  await page.getByLabel('Uploads a week').fill('1');
  await page.getByLabel('Gigabytes').press('Enter');
  await expect.poll(sum).toBe('4,950 BLY a week');
  await page.context().close();
});

it('moves through the hours by keyboard and pointer, and shows other ranges', async () => {
  const { page } = await visit();
  const hours = await settledHours();
  const slider = page.getByLabel('Hour', { exact: true });
  await slider.press('ArrowLeft');
  expect(await page.locator('#hour-text').textContent()).toBe('Sat 2 May, 04:00 UTC');
  expect(await slider.getAttribute('aria-valuetext')).toBe('Sat 2 May, 04:00 UTC');
  const shown = page.locator('#granted .legend .value').first();
  expectShown(await shown.textContent(), grantedOf(hours[HOURS - 2]));
  await slider.press('Home');
  expectShown(await shown.textContent(), grantedOf(hours[0]));
  const chart = page.locator('#granted .plot svg');
  await chart.scrollIntoViewIfNeeded();
  const box = (await chart.boundingBox()) as { x: number; y: number; width: number };
  await page.mouse.move(box.x + box.width - 12, box.y + 50);
  await expect.poll(() => slider.inputValue()).toBe(String(HOURS - 1));
  await page.getByLabel('Show').selectOption('24');
  await expect.poll(() => page.locator('#hours-table tbody tr').count()).toBe(24);
  await page.context().close();
});

/** Least contrast of a text to what is behind it, over all texts that show, with that text. */
const LEAST_CONTRAST = `(() => {
  const rgb = (text) => (text.match(/[0-9.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  let least = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
    const node = text.parentElement;
    const box = node.getBoundingClientRect();
    if (text.data.trim() === '' || box.width === 0 || node.closest('noscript') !== null) continue;
    const style = getComputedStyle(node);
    const isDrawn = node.namespaceURI.endsWith('svg');
    const [a, b] = [light(rgb(isDrawn ? style.fill : style.color)), light(behind(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least[0]) least = [contrast, text.data.trim()];
  }
  return least;
})()`;

/** Controls without a label, and drawings without a name. */
const NAMELESS = `[
  ...[...document.querySelectorAll('input, select')].filter((each) => each.labels.length === 0),
  ...[...document.querySelectorAll('svg[role=img]')].filter((each) => !each.getAttribute('aria-label')),
].map((each) => each.outerHTML)`;

it('fits a phone and a desk, light and dark; texts can be read, controls have names', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [400, 1600]) {
      const { page, complaints } = await visit({ colorScheme, viewport: { width, height: 900 } });
      const place = `${colorScheme} at ${width}`;
      expect(await page.evaluate('document.documentElement.scrollWidth'), place).toBe(width);
      const [contrast, text] = (await page.evaluate(LEAST_CONTRAST)) as [number, string];
      expect(contrast, `${place}: ${text}`).toBeGreaterThanOrEqual(4.5);
      expect(await page.evaluate(NAMELESS), place).toEqual([]);
      expect(complaints, place).toEqual([]);
      await page.context().close();
    }
  }
});

it('says that it loads, and that nothing was settled yet', async () => {
  const empty = await opened(openLedger(openSqliteStore(':memory:')));
  const context = await browser.newContext();
  const page = await context.newPage();
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/rewards/**', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${empty.url}/dashboard`);
  expect(await page.locator('#connection').textContent()).toBe('Loading…');
  expect(await page.locator('#buckets').getAttribute('aria-busy')).toBe('true');
  expect(await page.locator('#history-state').textContent()).toMatch(/Loading/);
  answer();
  await page.waitForSelector('#connection.up');
  expect(await page.locator('#history-state').textContent()).toMatch(
    /^No hour has been settled yet.* The next settlement is at Sat 2 May, 07:00 UTC\.$/,
  );
  expect(await page.locator('#history').isVisible()).toBe(false);
  expect(await page.locator('#buckets').getAttribute('aria-busy')).toBe(null);
  await context.close();
  await empty.server.close();
});

it('says plainly when the service is gone, keeps its figures, and comes back', async () => {
  const gone = await opened(await lived());
  const { page } = await visit({}, gone);
  const before = await page.locator('#tiles').textContent();
  await gone.server.close();
  await page.getByLabel('Show').selectOption('24');
  const problem = page.getByRole('alert');
  await expect.poll(() => problem.isVisible()).toBe(true);
  expect(await problem.textContent()).toMatch(
    /The service cannot be reached\. The figures below are from \d\d:\d\d UTC and may be out of date/,
  );
  expect(await page.locator('#connection').textContent()).toBe('Not connected');
  expect(await page.locator('#tiles').textContent()).toBe(before);
  await page.getByRole('button', { name: 'Calculate' }).click();
  const answer = page.locator('#estimate');
  await expect.poll(() => answer.textContent()).toMatch(/cannot be reached/);

  const back = await opened(await lived(), Number(new URL(gone.url).port));
  await page.getByRole('button', { name: 'Try again now' }).click();
  await page.waitForSelector('#connection.up');
  expect(await problem.isVisible()).toBe(false);
  await expect.poll(() => page.locator('#hours-table tbody tr').count()).toBe(24);
  await page.context().close();
  await back.server.close();
});
