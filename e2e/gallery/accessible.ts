import { expect, type Page } from '@playwright/test';
import { findFaults } from '../fixtures/axe.ts';

/** What lies over a page that can neither be reached nor read. */
const DIALOG = '[role=dialog]';

/**
 * Expects no fault that axe can see; by all of its rules, or by those named. Where a dialog is open it alone is looked at: what lies
 * beneath is inert, and each of those pages has a test of its own.
 */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  // Colours are measured when nothing is fading any more.
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
  const isDialog = (await page.locator(DIALOG).count()) > 0;
  expect(await findFaults(page, rules, isDialog ? DIALOG : undefined)).toEqual([]);
}
