import { create, toBinary } from '@bufbuild/protobuf';
import { encodeContent } from '../networks/signal/codec/encode.ts';
import { ContentSchema } from '../networks/signal/proto/signal_pb.ts';
import { en } from '../shared/words/en.ts';
import { expectAccessible } from './fixtures/accessible.ts';
import { pictureOf } from './fixtures/code-picture.ts';
import { expect, linkSignal, meet, readCode, receiptsFor, test } from './fixtures/signal.ts';
import { chatRow, messageWith, PEER_MS, readHeader, sendText } from './fixtures/steps.ts';

test('a person links a phone, is written to, and writes back', async ({ app, signal, phone, bob }) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  const header = await readHeader(page);
  expect(header.network).toBe('Test network · Signal · Signal Protocol');
  expect(header.readers).toBe('Only people in this chat can read this.');
  expect(header.identity).toBe('Not checked yet.');
  expect(header.stopped).toBeNull();

  await test.step('Bob is told that it came, and that it was read', async () => {
    const sentAt = await signal.sendText(bob, linked, 'Is the key under the mat?');
    await expect(messageWith(page, 'Is the key under the mat?')).toBeVisible({ timeout: PEER_MS });
    expect(await receiptsFor(signal, bob, sentAt, 2)).toEqual(['delivered', 'read']);
  });

  await test.step('my answer reaches Bob, and his phone says what became of it', async () => {
    await sendText(page, 'It is with the neighbour');
    const got = await signal.next(bob, 'message');
    expect(got).toMatchObject({
      body: 'It is with the neighbour',
      from: { aci: phone.aci, device: linked.device },
    });
    const mine = messageWith(page, 'It is with the neighbour');
    const state = mine.getByTestId('message-state');
    await expect(state).toHaveText(en['send.sent'], { timeout: PEER_MS });
    const of = [got.sentAt ?? 0];
    await signal.call('sendReceipt', { account: bob.id, device: linked.id, as: 'delivered', of });
    await expect(state).toHaveText(en['send.delivered'], { timeout: PEER_MS });
    await signal.call('sendReceipt', { account: bob.id, device: linked.id, as: 'read', of });
    await expect(state).toHaveText(/^Read \d\d:\d\d$/, { timeout: PEER_MS });

    await signal.sendContent(bob, linked, encodeContent({ kind: 'typing', on: true, at: Date.now() }));
    await expect(chatRow(page, 'Bob')).toContainText(en['chats.typing'], { timeout: PEER_MS });

    await mine.hover();
    await mine.getByRole('button', { name: en['message.details'] }).click();
    const details = page.getByTestId('details');
    await expect(details).toContainText('PQXDH');
    await expect(details).toContainText(en['evidence.detail.sealed-sender']);
    await expectAccessible(page, 'details of a message');
  });
});

test('what only a newer version can show is kept, and said to be', async ({ app, signal, phone, bob }) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  const sentAt = Date.now();
  const content = create(ContentSchema, {
    kind: { case: 'data', value: { sentAt: BigInt(sentAt), requiredProtocolVersion: 99 } },
  });
  await signal.sendContent(bob, linked, toBinary(ContentSchema, content), { sentAt });
  await expect(messageWith(page, en['message.newer-version'])).toBeVisible({ timeout: PEER_MS });
});

test('the numbers of both phones are compared, and that they match is said once more', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  const compare = async (): Promise<void> => {
    await page.getByRole('button', { name: /^Compare (?:now|again)$/u }).click();
    const { digits } = await signal.call('safetyNumber', { account: bob.id, with: phone.id });
    const groups = digits.match(/\d{5}/gu) ?? [];
    expect(groups).toHaveLength(12);
    await expect(page.getByTestId('compare-both').getByTestId('key').locator('span')).toHaveText(groups);
  };
  await page.getByRole('button', { name: en['chat.contact'] }).first().click();
  await compare();
  await expectAccessible(page, 'the number to compare');
  await page.getByRole('button', { name: en['check.differ'] }).click();
  await expect(page.getByRole('alert')).toContainText(en['flow.numbers-differ.what']);
  await expect(page.getByTestId('contact-trust')).toHaveText('Not checked yet.');

  await compare();
  await page.getByRole('button', { name: en['check.match'] }).click();
  const window = await app.question();
  await window.getByRole('button', { name: en['confirm.mark-checked.yes'] }).click();
  await expect(page.getByTestId('contact-trust')).toHaveText(/^Numbers compared on /, { timeout: PEER_MS });
  await expect(page.getByTestId('header-readers')).toHaveText('Only you and Bob can read this.');
});

test('AT-09 a server that gives another key at first contact is found out by the code of their phone', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  // What Bob's phone shows; from then on the server hands out, and somebody uses, a key that is not his.
  const his = await signal.call('safetyNumber', { account: bob.id, with: phone.id });
  await signal.call('changeIdentity', { account: bob.id });
  await meet(page, signal, bob, linked);
  const impostors = await signal.call('safetyNumber', { account: bob.id, with: phone.id });

  await page.getByRole('button', { name: en['chat.contact'] }).first().click();
  const sheet = page.getByRole('dialog');
  const scan = async (code: Uint8Array): Promise<void> => {
    await sheet.getByRole('button', { name: /^Compare (?:now|again)$/u }).click();
    await sheet.getByRole('radio', { name: en['check.way.code'] }).click();
    await sheet.getByTestId('scan-file').setInputFiles(pictureOf(code));
  };
  await scan(his.code);
  await expect(sheet.getByRole('alert')).toContainText(en['flow.code-differs.what'], { timeout: PEER_MS });
  await expect(sheet.getByTestId('contact-trust')).toHaveText('Not checked yet.');

  // The code of whoever has that key fits: a check is as good as where the code came from, which the window asks.
  await scan(impostors.code);
  const window = await app.question();
  await expect(window.getByText(en['confirm.mark-scanned.means'])).toBeVisible();
  await window.getByRole('button', { name: en['confirm.no'] }).click();
  await expect(sheet.getByText(en['check.not-marked'])).toBeVisible({ timeout: PEER_MS });
  await expect(sheet.getByTestId('contact-trust')).toHaveText('Not checked yet.');
});

test('AT-10 a contact under another key stops the conversation until the person has looked', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  await signal.call('changeIdentity', { account: bob.id });
  await signal.introduce(bob, linked);
  await signal.sendText(bob, linked, 'after');
  await expect(messageWith(page, 'after')).toBeVisible({ timeout: PEER_MS });
  await expect(page.getByTestId('header-stopped')).toContainText('Bob’s key changed');
  expect((await readHeader(page)).identity).toMatch(/^Changed on /);
  await expect(page.getByTestId('composer')).toHaveCount(0);

  await page.getByRole('button', { name: en['hold.accept-change'] }).click();
  const window = await app.question();
  await window.getByRole('button', { name: en['confirm.accept-change.yes'] }).click();
  await expect(page.getByTestId('header-stopped')).toHaveCount(0);
  await sendText(page, 'Is that your new phone?');
  expect(await signal.next(bob, 'message')).toMatchObject({ body: 'Is that your new phone?' });
  // It was asked of the key, not of the person: who holds it is still not known.
  expect((await readHeader(page)).identity).not.toMatch(/^Numbers compared/);
});

test('AT-13 a code that links a device is explained wherever it is put, and never acted on', async ({
  app,
  signal,
  phone,
}) => {
  const { page } = app;
  await page.getByRole('button', { name: en['network.signal'] }).click();
  await expectAccessible(page, 'what is read before');
  await page.getByRole('button', { name: en['disclosure.accept'] }).click();
  const url = await readCode(page);
  await expect(page.getByText(/^A new code in 0:[0-4]\d$/)).toBeVisible();
  await expectAccessible(page, 'the code');
  const linking = signal.link(phone, url);
  await expect(page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible({ timeout: PEER_MS });
  await linking;

  await page.getByRole('button', { name: en['new.title'] }).first().click();
  await page.getByLabel(en['new.field.signal']).fill(url);
  await expect(page.getByRole('alert')).toContainText(en['link-code.what']);
  await expect(page.getByRole('button', { name: en['new.go'], exact: true })).toBeDisabled();
  await page.keyboard.press('Enter');
  await page.getByLabel(en['new.field.signal']).fill('nobody');
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a link that Signal refuses says why, and the next code works', async ({ app, signal, phone }) => {
  const { page } = app;
  await page.getByRole('button', { name: en['network.signal'] }).click();
  await page.getByRole('button', { name: en['disclosure.accept'] }).click();
  await signal.call('answer', { path: '/v1/devices/link', status: 411 });
  try {
    // It never gets as far as being linked.
    signal.link(phone, await readCode(page)).catch(() => undefined);
    await expect(page.getByRole('alert')).toContainText(en['flow.too-many-devices.what'], {
      timeout: PEER_MS,
    });
  } finally {
    await signal.call('answer', { path: '/v1/devices/link', status: null });
  }
  await page.getByRole('button', { name: en['signal.again'] }).click();
  const linking = signal.link(phone, await readCode(page));
  await expect(page.getByRole('heading', { name: en['rail.inbox'] })).toBeVisible({ timeout: PEER_MS });
  await linking;
});

test('an app that Signal takes no more says so, and what it has stays readable', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  await signal.call('refuseConnections', { status: 499 });
  try {
    await signal.call('cut', {});
    await expect(page.getByText(en['account.needs.expired']).first()).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'Bob here')).toBeVisible();
  } finally {
    await signal.call('refuseConnections', { status: null });
  }
});

test('a phone that unlinks the computer is told of in words; it can be linked again, or what is left goes', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await meet(page, signal, bob, linked);
  await signal.call('unlink', { phone: phone.id, device: linked.id });
  await signal.call('cut', {});
  await expect(page.getByText(en['account.needs.unlinked']).first()).toBeVisible({ timeout: PEER_MS });

  await page
    .getByRole('button', { name: phone.number ?? '' })
    .first()
    .click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText(en['account.needs.unlinked']);
  await expect(sheet).not.toContainText(en['account.reconnect']);
  await expect(sheet.getByRole('button', { name: en['account.link-again'] })).toBeVisible();
  await sheet.getByRole('button', { name: en['account.remove'] }).click();
  const window = await app.question();
  await window.getByRole('button', { name: en['confirm.remove-account.yes'] }).click();
  await expect(page.getByRole('heading', { name: en['welcome.title'] })).toBeVisible();
});
