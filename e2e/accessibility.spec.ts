import { expectAccessible } from './fixtures/accessible.ts';
import { expect, test } from './fixtures/test.ts';
import { addFirstAccount, messageWith, PEER_MS, startChat } from './fixtures/steps.ts';

test('no page has a fault axe can see', async ({ app, me, alice }) => {
  const { page } = app;
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectAccessible(page, 'first page');
  await addFirstAccount(page, me);
  await expectAccessible(page, 'empty inbox');
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });
  await expectAccessible(page, 'conversation');
});

test('everything from the first page to a sent message works by keyboard', async ({ app, me, alice }) => {
  const { page } = app;
  const { keyboard } = page;
  const link = await alice.inviteLink();
  /** Moves on with Tab until the focused control has this name. */
  async function tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 60; presses++) {
      const focused = page.locator(':focus');
      if ((await focused.count()) > 0) {
        const known = await focused.evaluate(
          (element) =>
            element.getAttribute('aria-label') ??
            (element as HTMLInputElement).labels?.[0]?.textContent ??
            element.textContent ??
            '',
        );
        if (known.includes(name)) return;
      }
      await keyboard.press('Tab');
    }
    throw new Error(`Tab never came to ${name}`);
  }

  await expect(page.getByRole('button', { name: 'E-mail' })).toBeVisible();
  await tabTo('E-mail');
  await keyboard.press('Enter');
  await tabTo('I have read this');
  await keyboard.press('Enter');
  await tabTo('Address');
  await keyboard.type(me.address);
  await tabTo('Password');
  await keyboard.type(me.password);
  await tabTo('Your name');
  await keyboard.type(me.name);
  await keyboard.press('Enter');
  await expect(page.getByLabel('Incoming server (IMAP)')).toBeVisible({ timeout: PEER_MS });
  for (const [label, value] of [
    ['Incoming server', me.imap.host],
    ['Incoming port', String(me.imap.port)],
    ['Outgoing server', me.smtp.host],
    ['Outgoing port', String(me.smtp.port)],
  ] as const) {
    await tabTo(label);
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type(value);
  }
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible({ timeout: PEER_MS });
  await keyboard.press('ControlOrMeta+N');
  await tabTo('Address or invitation');
  await keyboard.insertText(link);
  await keyboard.press('Enter');
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });
  await expect(page.getByTestId('composer')).toBeFocused();
  await keyboard.type('by keyboard alone');
  await keyboard.press('Enter');
  await expect(messageWith(page, 'by keyboard alone')).toBeVisible();
  await alice.waitForText('by keyboard alone');
});
