import { test as base, expect, type Page } from '@playwright/test';
import { serveGallery } from './serve.ts';

const VIEWPORT = { width: 1280, height: 720 };

/**
 * The page over its in-memory core, under the page's policy: every state there is, without a network. One tab for all tests of a worker: each
 * loads the page anew, which keeps nothing (the gallery has no storage), and what is compiled once need not be again.
 */
export const test = base.extend<
  { readonly show: (query: string) => Promise<void> },
  { readonly site: string; readonly tab: Page }
>({
  site: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads from the pattern what a fixture needs
    async ({}, provide) => {
      const site = await serveGallery();
      await provide(site.url);
      await site.close();
    },
    { scope: 'worker' },
  ],
  tab: [
    async ({ browser }, provide) => {
      const context = await browser.newContext();
      await provide(await context.newPage());
      await context.close();
    },
    { scope: 'worker' },
  ],
  page: async ({ tab }, provide) => {
    await tab.setViewportSize(VIEWPORT);
    await provide(tab);
    tab.removeAllListeners();
    await tab.goto('about:blank');
    // Wherever the pointer was left, nothing of the next test is under it.
    await tab.mouse.move(0, 0);
  },
  show: async ({ page, site }, provide) => {
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    await provide(async (query) => {
      await page.goto(`${site}?${query}`);
      await page.locator('main').first().waitFor({ state: 'attached' });
      await page.evaluate(() => document.fonts.ready);
    });
    expect(faults, 'the page kept to its policy').toEqual([]);
  },
});
