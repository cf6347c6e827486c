import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { startGpg, type Gpg } from '../networks/email/test/gpg.ts';
import { en } from '../shared/words/en.ts';
import { expect, test } from './fixtures/test.ts';
import { addFirstAccount, PEER_MS, type MailAccount } from './fixtures/steps.ts';

let gpg: Gpg;
test.beforeEach(() => {
  gpg = startGpg();
});
test.afterEach(() => gpg.close());

/** The account's sheet, from the list on the left. */
async function openAccount(page: Page, me: MailAccount): Promise<void> {
  await page.getByRole('button', { name: me.address }).first().click();
  await expect(page.getByRole('button', { name: en['account.export'] })).toBeVisible();
}
const secret = (window: Page) => window.locator('#secret');
const digits = (text: string): string => text.replaceAll(/\s/gu, '').toUpperCase();

test('my key leaves for gpg in a file, and one that gpg made takes its place', async ({ app, me }) => {
  test.setTimeout(180_000);
  const { page } = app;
  await addFirstAccount(page, me);
  await openAccount(page, me);

  const file = await test.step('written to a file under a passphrase', async () => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: en['account.export'] }).click();
    const window = await app.question();
    await expect(window.getByRole('heading')).toHaveText(en['confirm.export-key']);
    await secret(window).fill('pass phrase');
    await window.locator('#repeat').fill('pass phrase');
    await window.getByRole('button', { name: en['confirm.export-key.yes'] }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`secret-key-${me.address}.asc`);
    await expect(page.getByText(en['account.export.done'])).toBeVisible();
    return readFile(await download.path());
  });

  await test.step('gpg takes it', () => {
    gpg.run(['--passphrase', 'pass phrase', '--import'], file);
    const listed = gpg.run(['--list-secret-keys', '--with-colons']).toString();
    expect(listed).toContain(`<${me.address}>`);
  });

  await test.step('a key of another address is not taken, and one that gpg made is', async () => {
    const other = gpg.makeKey('Other <other@example.org>');
    const mine = gpg.makeKey(`Mara <${me.address}>`, 'its own');
    await page.getByRole('button', { name: en['account.import'] }).click();
    const window = await app.question();
    const use = window.getByRole('button', { name: en['confirm.import-key.yes'] });
    await expect(window.getByText('Your contacts will see a changed key.')).toBeVisible();
    await secret(window).fill(gpg.exportSecret(other));
    await use.click();
    await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.other-address']);
    await secret(window).fill(gpg.exportSecret(mine, 'its own'));
    await use.click();
    await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.passphrase-needed']);
    await secret(window).fill('its own');
    await secret(window).press('Enter');
    await expect(window.getByText('You can close this window.')).toBeVisible();
    await expect(page.getByText(en['account.import.done'])).toBeVisible();
    await expect
      .poll(async () => digits(await page.getByRole('dialog').innerText()), { timeout: PEER_MS })
      .toContain(mine);
  });
});
