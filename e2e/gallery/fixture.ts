import { test as base, expect } from '@playwright/test';
import { serveGallery } from './serve.ts';

/** The page over its in-memory core, under the page's policy: every state there is, without a network. */
export const test = base.extend<
  { readonly show: (query: string) => Promise<void> },
  { readonly site: string }
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
