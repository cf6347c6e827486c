import { expect, type Locator, type Page } from '@playwright/test';
import { en } from '../shared/words/en.ts';
import { expectAccessible } from './gallery/accessible.ts';
import { test } from './gallery/fixture.ts';

// Groups, and accounts that are a key: what the page asks of core is read from the core in memory.

test.beforeEach(({ page: _page }, info) =>
  test.skip(info.project.name !== 'browser', 'one browser is enough'),
);

type Asked = readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];

/** What core was asked by that name. */
const asked = (page: Page, name: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  page.evaluate(
    (wanted) =>
      (window as unknown as { gallery: { memory: { asked: Asked } } }).gallery.memory.asked
        .filter((each) => each.name === wanted)
        .map((each) => each.args),
    name,
  );

const member = (page: Page, name: string): Locator => page.getByTestId('member').filter({ hasText: name });
const choose = async (page: Page, name: string, act: string): Promise<void> => {
  await page.getByRole('button', { name: `Act on ${name}` }).click();
  await page.getByRole('menuitem', { name: act }).click();
};

test('a group is made of people that are known, and opens with what waits', async ({ page, show }) => {
  await show('chat=wen');
  await page.getByRole('button', { name: en['chats.new'] }).click();
  await page.getByRole('radio', { name: /npub1/u }).check();
  await page.getByRole('button', { name: en['group.new'] }).click();
  const make = page.getByRole('button', { name: en['group.new.go'] });
  await page.getByLabel(en['group.new.name']).fill('  Long weekend ');
  await expect(make).toBeDisabled();
  // Nothing moves under the pointer while people are found.
  const find = page.getByLabel(en['group.new.find']);
  await expect(page.getByTestId('contacts').getByRole('button', { name: 'Wen Li' })).toBeVisible();
  const before = await make.boundingBox();
  await find.fill('nobody of that name');
  await expect(page.getByText(en['group.new.nobody'])).toBeVisible();
  expect(await make.boundingBox()).toEqual(before);
  await find.fill('otto');
  await page.getByTestId('contacts').getByRole('button', { name: 'Otto Novak' }).click();
  await page.getByTestId('contacts').getByRole('button', { name: 'Wen Li' }).click();
  await expect(page.getByTestId('picked').getByRole('listitem')).toHaveText(['Otto Novak', 'Wen Li']);
  // Who is picked is not offered again, and can be left out.
  await expect(page.getByTestId('contacts').getByRole('button', { name: /Otto|Wen/u })).toHaveCount(0);
  await page.getByRole('button', { name: 'Leave out Wen Li' }).click();
  await page.getByTestId('contacts').getByRole('button', { name: 'Wen Li' }).click();
  await make.click();
  await expect(page.getByTestId('header-name')).toHaveText('Long weekend');
  await expect(page.getByTestId('header-identity')).toHaveText('Nobody here is checked yet.');
  expect(await asked(page, 'group.create')).toMatchObject([
    { account: 'account-nostr', title: 'Long weekend', members: ['nostr|otto', 'nostr|wen'] },
  ]);
  await page.getByRole('button', { name: en['group.panel'] }).click();
  await expect(member(page, 'Otto Novak')).toContainText(en['group.waits.add']);
});

test('rows say who did what, with the names of others in their own voice', async ({ page, show }) => {
  await show('chat=cave');
  const notes = page.getByTestId('note');
  await expect(notes).toHaveText([
    'You made this group.',
    'You added Wen Li, Aïcha Berg, Lena Okoye and 2 others.',
    /^Wen Li gave the group a new name\.\s*Cave survey, spring$/u,
    'Wen Li added Otto Novak.',
  ]);
  for (const name of ['Wen Li', 'Otto Novak'])
    expect(
      await notes
        .last()
        .getByText(name, { exact: true })
        .evaluate((each) => getComputedStyle(each).fontFamily),
    ).toContain('Inter');
});

test('the panel says who is in it and who was checked; an admin adds, removes, promotes and renames', async ({
  page,
  show,
}) => {
  await show('chat=cave');
  await page.getByRole('button', { name: en['group.panel'] }).click();
  await expect(page.getByText('5 people besides you')).toBeVisible();
  await expect(member(page, 'Wen Li')).toContainText('Checked with a code on');
  await expect(member(page, 'Wen Li')).toContainText(en['group.role.admin']);
  await expect(member(page, 'Otto Novak')).toContainText('Not checked yet.');
  await expect(member(page, 'Lena Okoye')).toContainText(en['group.waits.remove']);

  await choose(page, 'Otto Novak', en['group.promote']);
  await expect(member(page, 'Otto Novak')).toContainText(en['group.waits.promote']);
  // While a change of somebody waits there is nothing else to ask of them.
  await page.getByRole('button', { name: 'Act on Otto Novak' }).click();
  await expect(page.getByRole('menuitem')).toHaveText([
    en['group.member.who'],
    `${en['report.act']}${en['report.act.means']}`,
  ]);
  await page.keyboard.press('Escape');
  await choose(page, 'Aïcha Berg', en['group.remove']);
  await expect(member(page, 'Aïcha Berg')).toContainText(en['group.waits.remove']);

  await page.getByRole('button', { name: en['group.rename'] }).first().click();
  const field = page.getByLabel(en['group.new.name']);
  await expect(field).toHaveValue('Cave survey, spring');
  await field.fill('Cave survey, summer');
  await field.press('Enter');
  await expect(page.getByText('Will be called “Cave survey, summer”')).toBeVisible();

  await page.getByRole('button', { name: en['group.leave'] }).click();
  expect((await asked(page, 'group.change')).map(({ change }) => change)).toEqual([
    { act: 'promote', peer: 'nostr|otto' },
    { act: 'remove', peer: 'nostr|aicha' },
    { act: 'rename', title: 'Cave survey, summer' },
  ]);
  await expect(page.getByText(en['group.leave.sure'])).toBeVisible();
  await page.getByRole('button', { name: en['group.leave'], exact: true }).last().click();
  await expect(page.getByText(en['group.waits.leave'])).toBeVisible();
  // Whoever leaves changes nothing more.
  await expect(page.getByRole('button', { name: en['group.add'] })).toHaveCount(0);
});

test('a new name that waits runs in its own direction', async ({ page, show }) => {
  await show('chat=cave&sheet=group');
  await page.getByRole('button', { name: en['group.rename'] }).first().click();
  const field = page.getByLabel(en['group.new.name']);
  await field.fill('טיול מערות');
  await field.press('Enter');
  const waits = page.getByRole('paragraph').filter({ hasText: 'Will be called' });
  await expect(waits.locator('bdi')).toContainText('טיול מערות');
});

test('who is no admin is told so, and can still leave', async ({ page, show }) => {
  await show('chat=reading&sheet=group');
  await expect(page.getByText(en['can.admins-only'])).toBeVisible();
  await page.getByRole('button', { name: 'Act on Otto Novak' }).click();
  await expect(page.getByRole('menuitem')).toHaveText([
    en['group.member.who'],
    `${en['report.act']}${en['report.act.means']}`,
  ]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: en['group.add'] })).toHaveCount(0);
  await expect(page.getByRole('button', { name: en['group.leave'] })).toBeVisible();
});

test('who is the only admin is told what leaving means and what comes first, by keyboard', async ({
  page,
  show,
}) => {
  await show('chat=cave');
  await page.evaluate(() => {
    const { memory, core, view } = (window as unknown as { gallery: Gallery }).gallery;
    const id = view.getState().conversation ?? '';
    const chat = memory.chats.get(id);
    if (chat) memory.chats.set(id, { ...chat, can: { ...chat.can, leave: { limit: 'only-admin' } } });
    core.tell([id], []);
  });
  await page.getByRole('button', { name: en['group.panel'] }).press('Enter');
  const leave = page.getByRole('button', { name: en['group.leave'] });
  await expect(leave).toContainText(en['group.leave.means']);
  await leave.press('Enter');
  await expect(page.getByText(en['can.only-admin'])).toContainText(en['group.leave.only-admin.do']);
  // There is nothing to press that would be refused.
  await expect(leave).toHaveCount(1);
  await expectAccessible(page);
  await choose(page, 'Otto Novak', en['group.promote']);
  await expect(member(page, 'Otto Novak')).toContainText(en['group.waits.promote']);
});

type Gallery = {
  readonly memory: { readonly chats: Map<string, { readonly can: object }> };
  readonly core: { readonly tell: (chats: readonly string[], messages: readonly string[]) => void };
  readonly view: { readonly getState: () => { readonly conversation: string | null } };
};

test('a stranger’s group says who asks and how many are in it, and is joined or refused', async ({
  page,
  show,
}) => {
  await show('chat=asked');
  const panel = page.getByRole('region', { name: en['rail.requests'] });
  await expect(panel.getByRole('heading')).toHaveText('Ida Ström asks you into a group');
  await expect(panel).toContainText('Nothing is joined or fetched until you accept.');
  await expect(panel).toContainText('4 people are in it.');
  await expect(page.getByTestId('composer')).toHaveCount(0);
  await panel.getByRole('button', { name: en['request.group.accept'] }).click();
  await expect(page.getByTestId('composer')).toBeVisible();
  await show('chat=asked');
  await panel.getByRole('button', { name: en['request.group.block'] }).click();
  expect(await asked(page, 'conversation.block')).toMatchObject([{ conversation: 'account-email|asked' }]);
});

test('my key is given out as a link and as a picture', async ({ page, show }) => {
  await show('sheet=new-chat');
  await page.getByRole('radio', { name: /npub1/u }).check();
  await expect(page.getByLabel(en['new.field.nostr'])).toBeVisible();
  await page.getByRole('button', { name: en['new.mine.show'] }).click();
  await expect(page.getByTestId('invite-link')).toHaveText(/^nostr:nprofile1/u);
  await expect(page.getByRole('img', { name: en['new.mine.qr'] })).toBeVisible();
});

test('an account in one step: what losing the key means is said before and after it is made', async ({
  page,
  show,
}) => {
  await show('sheet=nostr');
  await expect(page.getByText(en['nostr.lose'])).toBeVisible();
  await page.getByRole('button', { name: en['nostr.make'] }).click();
  await expect(page.getByRole('heading', { name: en['nostr.made'] })).toBeVisible();
  await expect(page.getByText(en['nostr.lose'])).toBeVisible();
  await expect(page.getByText(en['nostr.kept.means'])).toHaveCount(0);
  await page.getByRole('button', { name: en['nostr.keep.now'] }).click();
  await expect(page.getByText(en['nostr.kept.means'])).toBeVisible();
  expect(await asked(page, 'key.reveal')).toHaveLength(1);
  expect(await asked(page, 'flow.start')).toMatchObject([{ start: { kind: 'add-account', args: {} } }]);
  await page.getByRole('button', { name: en['account.go'] }).click();
  await expect(page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible();
});

test('a key that I have is asked for in a window of its own: the page has no field for it', async ({
  page,
  show,
}) => {
  await show('sheet=nostr');
  await page.getByRole('button', { name: en['nostr.bring'] }).click();
  await expect(page.getByText(en['flow.stage.key-asked'])).toBeVisible();
  await expect(page.locator('input, textarea')).toHaveCount(0);
  expect(await asked(page, 'flow.start')).toMatchObject([
    { start: { kind: 'add-account', args: { key: 'brought' } } },
  ]);
});

test('a key that is written down nowhere is spoken of where one writes, until it is', async ({
  page,
  show,
}) => {
  await show('chat=cave');
  await expect(page.getByText(en['nostr.not-kept'])).toBeVisible();
  await page.getByRole('button', { name: en['nostr.not-kept.do'] }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText('Conforms to Marmot v2 as of MDK 0.9.14.');
  await expect(sheet.getByText(en['account.import'])).toHaveCount(0);
  await sheet.getByRole('button', { name: en['nostr.keep.now'] }).click();
  await expect(sheet).toContainText(en['nostr.kept']);
  await page.keyboard.press('Escape');
  await expect(page.getByText(en['nostr.not-kept'])).toHaveCount(0);
});

test('somebody is given a name of mine, and their key stands beside mine to compare', async ({
  page,
  show,
}) => {
  await show('chat=otto');
  await page.getByRole('button', { name: en['chat.contact'] }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: en['check.start'] }).click();
  await expect(sheet.getByTestId('key')).toHaveText([/^npub1 80cv v07t /u, /^npub1 stv0 /u]);
  // There is no proof to exchange: the key itself is compared.
  await expect(sheet.getByRole('button', { name: en['check.invite'] })).toHaveCount(0);
  const field = sheet.getByLabel(en['person.name']);
  await expect(field).toHaveValue('Otto Novak');
  await field.fill('Otto, cave');
  await field.press('Enter');
  await expect(sheet.getByText(en['person.name.saved'])).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('header-name')).toHaveText('Otto, cave');
  expect(await asked(page, 'peer.name')).toMatchObject([{ peer: 'nostr|otto', name: 'Otto, cave' }]);
});

test('a group that fell apart is made anew with the same people', async ({ page, show }) => {
  await show('chat=split');
  const panel = page.getByRole('region', { name: en['stopped.region'] });
  await expect(panel).toContainText(en['stopped.fork.group']);
  await panel.getByRole('button', { name: en['group.anew'] }).click();
  await expect(page.getByLabel(en['group.new.name'])).toHaveValue('Night walks');
  await expect(page.getByTestId('picked').getByRole('listitem')).toHaveText(['Wen Li', 'Otto Novak']);
  await page.getByRole('button', { name: en['group.new.go'] }).click();
  await expect(page.getByTestId('composer')).toBeVisible();
  expect(await asked(page, 'group.create')).toMatchObject([
    { title: 'Night walks', members: ['nostr|wen', 'nostr|otto'] },
  ]);
});

test('a conversation of two that fell apart is started again in its place', async ({ page, show }) => {
  await show('chat=apart');
  const panel = page.getByRole('region', { name: en['stopped.region'] });
  await expect(panel).toContainText('Your keys and Ida Lund’s no longer fit together.');
  await panel.getByRole('button', { name: en['stopped.fork.again'] }).click();
  await expect
    .poll(() => asked(page, 'flow.start'))
    .toMatchObject([{ network: 'nostr', start: { kind: 'chat', address: 'Ida Lund' } }]);
});

test('somebody from a group is written to alone', async ({ page, show }) => {
  await show('chat=cave&sheet=group');
  await choose(page, 'Lena Okoye', en['group.member.who']);
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('heading', { name: 'Lena Okoye' })).toBeVisible();
  await expect(sheet.getByRole('button', { name: /^Cave survey, spring/u })).toBeVisible();
  await sheet.getByRole('button', { name: 'Write over Nostr' }).click();
  await expect
    .poll(() => asked(page, 'flow.start'))
    .toMatchObject([
      { network: 'nostr', start: { kind: 'chat', address: expect.stringMatching(/^npub1/u) as unknown } },
    ]);
});
