import { expect, type Locator, type Page } from '@playwright/test';
import { en } from '../shared/words/en.ts';
import { comeIn } from './gallery/come-in.ts';
import { test } from './gallery/fixture.ts';

// Wherever what had the focus goes, the next key must reach something, and what a person expects.
test.use({ trace: 'off', screenshot: 'only-on-failure' });

test.beforeEach(({ page: _page }, info) =>
  test.skip(info.project.name !== 'browser', 'one browser is enough'),
);

const message = (page: Page, text: string): Locator => page.getByTestId('message').filter({ hasText: text });
const panel = (page: Page): Locator => page.getByRole('region', { name: en['stopped.region'] });

type Gallery = {
  readonly memory: {
    readonly messages: Map<string, unknown>;
    readonly chats: Map<string, { readonly label: object }>;
  };
  readonly core: { readonly tell: (conversations: readonly string[], messages: readonly string[]) => void };
  readonly view: { readonly getState: () => { readonly conversation: string | null } };
};

/** Alice's conversation, with the focus in its field. */
async function openAlice(page: Page, show: (query: string) => Promise<void>): Promise<void> {
  await show('chat=alice');
  await expect(page.getByTestId('composer')).toBeFocused();
}

/** Core has the conversation that is open stand otherwise. */
function setChat(page: Page, change: { readonly state?: string; readonly sending?: object }): Promise<void> {
  return page.evaluate(({ sending, ...rest }) => {
    const { memory, core, view } = (window as unknown as { gallery: Gallery }).gallery;
    const id = view.getState().conversation ?? '';
    const chat = memory.chats.get(id);
    if (chat)
      memory.chats.set(id, { ...chat, ...rest, label: { ...chat.label, ...(sending && { sending }) } });
    core.tell([id], []);
  }, change);
}
const stop = (page: Page): Promise<void> => setChat(page, { sending: { ok: false, why: 'label-fell' } });
const goOn = (page: Page): Promise<void> => setChat(page, { sending: { ok: true } });

/** A message's time is over: its row goes. */
async function goByItself(page: Page, row: Locator): Promise<void> {
  const gone = await row.getAttribute('data-message');
  await page.evaluate((id) => {
    const { memory, core, view } = (window as unknown as { gallery: Gallery }).gallery;
    memory.messages.delete(id ?? '');
    core.tell([view.getState().conversation ?? ''], [id ?? '']);
  }, gone);
  await expect(page.locator(`[data-message="${gone}"]`)).toHaveCount(0);
}

test('a message that was deleted by keyboard has the focus; one that goes by itself leaves it to who stands there then', async ({
  page,
  show,
}) => {
  const { keyboard } = page;
  await openAlice(page, show);
  await keyboard.press('Shift+F6');
  await keyboard.press('ArrowUp');
  const mine = page.locator('[data-message]:focus');
  await expect(mine).toContainText('Signed mine too');
  const id = await mine.getAttribute('data-message');
  await mine.getByRole('button', { name: en['app.more'] }).press('Enter');
  await page.getByRole('menuitem', { name: en['message.delete'] }).press('Enter');
  const deleted = page.locator(`[data-message="${id}"]`);
  await expect(deleted).toContainText(en['message.deleted']);
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(deleted).toBeFocused();
  await keyboard.press('ArrowDown');
  const newest = message(page, 'Perfect. Train at 7:12');
  await expect(newest).toBeFocused();
  await keyboard.press('ArrowUp');
  await goByItself(page, deleted);
  await expect(newest).toBeFocused();
  await goByItself(page, newest);
  await expect(page.getByTestId('message').last()).toBeFocused();
});

test('somebody who writes is not taken from it by a message that goes', async ({ page, show }) => {
  await openAlice(page, show);
  await page.keyboard.press('Shift+F6');
  await expect(message(page, 'Perfect. Train at 7:12')).toBeFocused();
  await page.keyboard.press('F6');
  await goByItself(page, message(page, 'Perfect. Train at 7:12'));
  await expect(page.getByTestId('composer')).toBeFocused();
});

test('whoever pressed beside a message is not taken back to it by what comes', async ({ page, show }) => {
  await openAlice(page, show);
  const row = message(page, 'Perfect. Train at 7:12');
  await row.hover();
  await row.getByRole('button', { name: en['app.more'] }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row.getByRole('button', { name: en['app.more'] })).toBeFocused();
  await page.getByTestId('history').click({ position: { x: 5, y: 5 } });
  await expect(row.getByRole('button', { name: en['app.more'] })).toHaveCount(0);
  await comeIn(page, 'one more');
  await expect(message(page, 'one more')).toHaveCount(1);
  await expect(page.locator('body')).toBeFocused();
});

test('the way to the newest message leads there by keyboard', async ({ page, show }) => {
  await openAlice(page, show);
  await page.getByTestId('history').evaluate((view) => {
    view.scrollTop -= 700;
  });
  await page.getByRole('button', { name: en['history.end'] }).press('Enter');
  const newest = message(page, 'Perfect. Train at 7:12');
  await expect(newest).toBeInViewport();
  await expect(newest).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(message(page, 'Signed mine too')).toBeFocused();
});

test('whoever goes to a message that was searched for goes on there, also where it is loaded already', async ({
  page,
  show,
}) => {
  const { keyboard } = page;
  await openAlice(page, show);
  await keyboard.press('ControlOrMeta+F');
  await expect(page.getByRole('combobox')).toBeFocused();
  await keyboard.type('train');
  await expect(page.getByRole('option')).toContainText('Train at 7:12');
  await keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(message(page, 'Train at 7:12')).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(message(page, 'Signed mine too')).toBeFocused();
});

test('what takes the place of the field has the focus, and none of its buttons is pressed by what is being written', async ({
  page,
  show,
}) => {
  await show('chat=alice');
  const field = page.getByTestId('composer');
  await expect(field).toBeFocused();
  await page.keyboard.type('half a');
  await stop(page);
  await expect(panel(page)).toBeFocused();
  await page.keyboard.type(' thought');
  await page.keyboard.press('Enter');
  await expect(panel(page)).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(panel(page).getByRole('button').first()).toBeFocused();
  await goOn(page);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('half a');
  await show('chat=stranger');
  await page.getByRole('button', { name: en['request.accept'], exact: true }).press('Enter');
  await expect(field).toBeFocused();
  await setChat(page, { state: 'blocked' });
  await expect(page.getByText(en['block.done'])).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(field).toBeFocused();
  await setChat(page, { state: 'left' });
  await expect(page.getByText(en['chat.left'])).toBeFocused();
});

test('a field that comes back takes nobody from elsewhere, and has the focus once they are done there', async ({
  page,
  show,
}) => {
  await openAlice(page, show);
  await stop(page);
  await panel(page).getByRole('button').first().press('Enter');
  const sheet = page.getByRole('dialog');
  await expect(sheet).toBeVisible();
  await goOn(page);
  await expect(page.getByTestId('composer')).toHaveCount(1);
  await expect(sheet.locator(':focus').or(sheet.and(page.locator(':focus')))).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
  await expect(page.getByTestId('composer')).toBeFocused();
});

test('whoever closes a conversation goes on at its row in the list, or where that is gone at another', async ({
  page,
  show,
}) => {
  const region = (): Promise<string | undefined> =>
    page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region']);
  await openAlice(page, show);
  await page.keyboard.press('Escape');
  await expect(page.getByText(en['chats.pick'])).toBeVisible();
  await expect(page.getByTestId('chat').filter({ hasText: 'Alice Okafor' }).first()).toBeFocused();
  await show('chat=stranger&filter=requests');
  await page.getByRole('button', { name: en['request.block'], exact: true }).press('Enter');
  await expect(page.getByTestId('chat').filter({ hasText: 'tomas.lind' })).toHaveCount(0);
  await expect.poll(region).toBe('chats');
  // With a panel over it.
  await show('chat=marek');
  await page.getByRole('button', { name: en['app.more'], exact: true }).press('Enter');
  await page.getByRole('menuitem', { name: en['block.person'] }).press('Enter');
  await page.getByRole('button', { name: en['block.go'] }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(region).toBe('chats');
});

test('whoever discards what waits while sending stays stopped goes on in the panel', async ({
  page,
  show,
}) => {
  await show('chat=jonas');
  const discard = panel(page).getByRole('button', { name: en['hold.discard'] });
  await discard.press('Enter');
  await expect(discard).toHaveCount(0);
  await expect(panel(page)).toBeFocused();
});

test('in a window of one column the focus is in what is shown', async ({ page, show }) => {
  await page.setViewportSize({ width: 520, height: 800 });
  await show('');
  const { keyboard } = page;
  const row = (name: string): Locator => page.getByTestId('chat').filter({ hasText: name }).first();
  await row('Jonas Weber').press('Enter');
  await expect(panel(page)).toBeFocused();
  await keyboard.press('Escape');
  await expect(row('Jonas Weber')).toBeFocused();
  // Opened otherwise than from the list, which was never drawn.
  await openAlice(page, show);
  await keyboard.press('Escape');
  await expect(row('Alice Okafor')).toBeFocused();
});

test('whoever closes the details of a message goes on at the message', async ({ page, show }) => {
  const { keyboard } = page;
  await openAlice(page, show);
  await keyboard.press('Shift+F6');
  await keyboard.press('ArrowUp');
  const mine = message(page, 'Signed mine too');
  await expect(mine).toBeFocused();
  await mine.getByRole('button', { name: en['message.details'] }).press('Enter');
  await expect(page.getByTestId('details')).toBeVisible();
  await expect(mine.getByRole('button', { name: en['message.details'] })).toHaveCount(0);
  await keyboard.press('Escape');
  await expect(page.getByTestId('details')).toHaveCount(0);
  await expect(mine).toBeFocused();
});
