import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** What lies over a page that can neither be reached nor read. */
const DIALOG = '[role=dialog]';

/**
 * Expects no fault that axe can see; by all of its rules, or by those named. Where a dialog is open it alone is looked at: what lies
 * beneath is inert, and each of those pages has a test of its own.
 */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  // Colours are measured when nothing is fading any more.
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
  // There is nothing but the page itself: axe needs no second tab to gather what it found in frames.
  expect(page.frames()).toHaveLength(1);
  const axe = new AxeBuilder({ page }).setLegacyMode();
  if ((await page.locator(DIALOG).count()) > 0) axe.include(DIALOG);
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}
