import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { en } from '../shared/words/en.ts';
import { expectAccessible } from './fixtures/accessible.ts';
import { makePhrase, press } from './fixtures/phrase.ts';
import { makeProfileFolder } from './fixtures/plainseal.ts';
import { expect, linkSignal, meet, readCode, test } from './fixtures/signal.ts';
import { messageWith, openChat, PEER_MS, readHeader, sendText } from './fixtures/steps.ts';

test('AT-54 a profile that was carried to another place is read there, and its Signal account linked again', async ({
  launch,
  folder,
  mail,
  signal,
  phone,
  bob,
}) => {
  const here = await launch(folder);
  const linked = await linkSignal(here.page, signal, phone);
  await meet(here.page, signal, bob, linked);
  const { words, window } = await makePhrase(here);
  await window.getByLabel(en['confirm.phrase']).fill(words.join(' '));
  await press(window, 'confirm.type-phrase.yes');
  await expect(here.page.getByText(en['settings.phrase.made'])).toBeVisible();
  await here.stop();

  const carried = await makeProfileFolder(mail.ca, signal.environment);
  try {
    await cp(folder.profile, carried.profile, { recursive: true });
    await rm(join(carried.profile, 'test.key'));
    const there = await launch(carried, async (question) => {
      await question.getByLabel(en['confirm.phrase']).fill(words.join(' '));
      await press(question, 'confirm.recover-profile.yes');
    });
    const { page } = there;
    const panel = page.getByRole('region', { name: en['stopped.region'] });

    await test.step('everything is read, and the chat says why it is stopped', async () => {
      await openChat(page, 'Bob');
      await expect(messageWith(page, 'Bob here')).toBeVisible({ timeout: PEER_MS });
      expect((await readHeader(page)).stopped).toContain(en['stopped.clone-suspected']);
      await expect(panel).toContainText(en['stopped.question.copy']);
      await expectAccessible(page, 'a chat of a copy');
    });

    const now = await test.step('the phone links it again', async () => {
      await panel.getByRole('button', { name: en['account.link-again'] }).click();
      await expect(page.getByRole('heading', { name: en['link-again.title'] })).toBeVisible();
      const linking = signal.link(phone, await readCode(page));
      await expectAccessible(page, 'linking again');
      await expect(page.getByRole('heading', { name: en['link-again.done'] })).toBeVisible({
        timeout: PEER_MS,
      });
      await page.getByRole('button', { name: en['account.go'] }).click();
      return linking;
    });

    await test.step('the chat goes on where it was, both ways', async () => {
      await openChat(page, 'Bob');
      await expect(messageWith(page, 'Bob here')).toBeVisible();
      await sendText(page, 'It is still me');
      expect(await signal.next(bob, 'message')).toMatchObject({
        body: 'It is still me',
        from: { aci: phone.aci, device: now.device },
      });
      await signal.introduce(bob, now);
      await signal.sendText(bob, now, 'Good to hear');
      await expect(messageWith(page, 'Good to hear')).toBeVisible({ timeout: PEER_MS });
    });
    await there.stop();
    expect(there.broken).toEqual([]);
  } finally {
    await carried.remove();
  }
});
