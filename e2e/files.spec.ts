import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { en } from '../shared/words/en.ts';
import { expect, test } from './fixtures/test.ts';
import { addFirstAccount, messageWith, PEER_MS, sendText, startChat } from './fixtures/steps.ts';

test('files go both ways byte for byte', async ({ app, me, alice }, info) => {
  const { page } = app;
  await addFirstAccount(page, me);
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });

  const mine = randomBytes(50_000);
  // In Electron the dialog is the system's, which no test can reach into; a dropped file goes the same way from there on.
  if (info.project.name === 'browser') {
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: en['composer.attach'] }).click();
    await (await choosing).setFiles({ name: 'plan.bin', mimeType: 'application/octet-stream', buffer: mine });
    await expect(page.getByText('plan.bin').first()).toBeVisible();
    await sendText(page, 'the plan');
    const heard = await alice.waitForText('the plan', PEER_MS);
    expect(heard.padlock).toBe(true);
    expect((await alice.fileOf(heard.id)).equals(mine)).toBe(true);
  } else await sendText(page, 'the plan');

  const { chat } = await alice.waitForText('the plan', PEER_MS);
  const theirs = randomBytes(70_000);
  await alice.sendFile(chat, '../../weird "name".bin', theirs, 'the answer');
  await expect(messageWith(page, 'the answer')).toBeVisible({ timeout: PEER_MS });
  if (info.project.name === 'browser') {
    const saving = page.waitForEvent('download');
    await messageWith(page, 'the answer').hover();
    await messageWith(page, 'the answer')
      .getByRole('button', { name: /^Save / })
      .click();
    const download = await saving;
    expect(download.suggestedFilename()).not.toMatch(/[/\\]/);
    expect((await readFile(await download.path())).equals(theirs)).toBe(true);
  }
});
