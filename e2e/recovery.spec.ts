import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { en } from '../shared/words/en.ts';
import { makePhrase, press } from './fixtures/phrase.ts';
import { addFirstAccount, PEER_MS } from './fixtures/steps.ts';
import { expect, test } from './fixtures/test.ts';

const closed = (window: Page) => expect(window.getByText('You can close this window.')).toBeVisible();

test('AT-53 a recovery phrase is written down, and opens Plainseal once its key is lost', async ({
  launch,
  folder,
  me,
}) => {
  let app = await launch(folder);
  await addFirstAccount(app.page, me);
  let words: readonly string[] = [];

  await test.step('it is made in the shell’s own window, and typed back', async () => {
    const made = await makePhrase(app);
    const { window } = made;
    words = made.words;
    const field = window.getByLabel(en['confirm.phrase']);
    await field.fill('something else');
    await press(window, 'confirm.type-phrase.yes');
    await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.other-phrase']);
    await field.fill(words.join(' '));
    await press(window, 'confirm.type-phrase.yes');
    await expect(app.page.getByText(en['settings.phrase.made'])).toBeVisible();
    // The page never had it.
    expect(await app.page.content()).not.toContain(words.slice(0, 3).join(' '));
    await app.stop();
  });

  await test.step('the key is lost: what happened is said, and the words open it', async () => {
    await rm(join(folder.profile, 'test.key'));
    app = await launch(folder, async (window) => {
      await expect(window.getByRole('heading')).toHaveText(en['confirm.recover-profile']);
      await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.key-file-gone']);
      const field = window.getByLabel(en['confirm.phrase']);
      await expect(field).toBeFocused();
      await field.fill('no such words');
      await press(window, 'confirm.recover-profile.yes');
      await expect(window.getByRole('alert')).toHaveText(en['confirm.trouble.no-phrase']);
      await field.fill(words.map((word, index) => `${index + 1} ${word}`).join('\n'));
      await press(window, 'confirm.recover-profile.yes');
      await closed(window);
    });
    await expect(app.page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible({ timeout: PEER_MS });
    await expect(app.page.getByText(me.address).first()).toBeVisible();
    await app.stop();
  });

  expect(app.broken).toEqual([]);
});
