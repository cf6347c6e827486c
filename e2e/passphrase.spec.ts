import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { en } from '../shared/words/en.ts';
import { expect, test } from './fixtures/test.ts';
import { addFirstAccount, PEER_MS } from './fixtures/steps.ts';

const OLD = 'correct horse battery';
const NEW = 'staple by the window';

/** Deriving a key is meant to take its time. */
const DERIVE_MS = 20_000;

const secret = (window: Page) => window.locator('#secret');
const yes = (window: Page, kind: 'set' | 'change' | 'remove') =>
  window.getByRole('button', { name: en[`confirm.${kind}-passphrase.yes`] });
const closed = (window: Page) =>
  expect(window.getByText('You can close this window.')).toBeVisible({ timeout: DERIVE_MS });

/** Types a new passphrase, twice. */
async function typeNew(window: Page, passphrase: string, again = passphrase): Promise<void> {
  await secret(window).fill(passphrase);
  await window.locator('#repeat').fill(again);
}
const openSettings = (page: Page) => page.getByRole('button', { name: en['rail.settings'] }).first().click();

test('a passphrase set in the settings opens Plainseal from then on, and nothing else does', async ({
  launch,
  folder,
  me,
}) => {
  // Five starts, and a key derived for each.
  test.setTimeout(240_000);
  let app = await launch(folder);
  await addFirstAccount(app.page, me);

  await test.step('it is set in the shell’s own window', async () => {
    await openSettings(app.page);
    await app.page.getByRole('button', { name: en['settings.lock.set'] }).click();
    const window = await app.question();
    await expect(window.getByRole('heading')).toHaveText(en['confirm.set-passphrase']);
    await typeNew(window, OLD, 'correct horse batterz');
    await yes(window, 'set').click();
    await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.differ']);
    await typeNew(window, OLD);
    await yes(window, 'set').click();
    await closed(window);
    await expect(app.page.getByText(en['settings.lock.passphrase'])).toBeVisible();
    await app.stop();
  });

  await test.step('the folder holds no key any more', async () => {
    expect(await readdir(folder.profile)).not.toContain('test.key');
    expect(await readFile(join(folder.profile, 'key.json'), 'utf8')).toContain('"kind":"passphrase"');
  });

  await test.step('a wrong one is told so, the right one opens it', async () => {
    app = await launch(folder, async (window) => {
      await expect(window.getByRole('heading')).toHaveText(en['confirm.open-profile']);
      await expect(secret(window)).toBeFocused();
      await secret(window).fill('correct horse batterz');
      await secret(window).press('Enter');
      await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.wrong-passphrase'], {
        timeout: DERIVE_MS,
      });
      await secret(window).fill(OLD);
      await secret(window).press('Enter');
      await closed(window);
    });
    await expect(app.page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible({ timeout: PEER_MS });
    await expect(app.page.getByText(me.address).first()).toBeVisible();
  });

  await test.step('it is changed, after the old one', async () => {
    await openSettings(app.page);
    await app.page.getByRole('button', { name: en['settings.lock.change'] }).click();
    const window = await app.question();
    await secret(window).fill(OLD);
    await yes(window, 'change').click();
    await expect(window.locator('#repeat')).toBeVisible({ timeout: DERIVE_MS });
    await typeNew(window, NEW);
    await yes(window, 'change').click();
    await closed(window);
    await app.stop();
  });

  await test.step('the old one opens nothing; the new one does, and can be removed', async () => {
    app = await launch(folder, async (window) => {
      await secret(window).fill(OLD);
      await secret(window).press('Enter');
      await expect(window.getByRole('alert')).toBeVisible({ timeout: DERIVE_MS });
      await secret(window).fill(NEW);
      await secret(window).press('Enter');
      await closed(window);
    });
    await openSettings(app.page);
    await app.page.getByRole('button', { name: en['settings.lock.remove'] }).click();
    const window = await app.question();
    await secret(window).fill(NEW);
    await yes(window, 'remove').click();
    await closed(window);
    await app.stop();
    app = await launch(folder);
    await expect(app.page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible({ timeout: PEER_MS });
    await app.stop();
  });

  expect(app.broken).toEqual([]);
});
