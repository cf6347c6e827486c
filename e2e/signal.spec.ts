import { expect, linkSignal, test } from './fixtures/signal.ts';
import { chatRow, messageWith, openChat, PEER_MS, readHeader, sendText } from './fixtures/steps.ts';

test('a person links a phone, is written to, and writes back', async ({ app, signal, phone, bob }) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await signal.introduce(bob, linked);
  const sentAt = await signal.sendText(bob, linked, 'Is the key under the mat?', { withProfileKey: true });

  await openChat(page, 'Bob');
  await expect(messageWith(page, 'Is the key under the mat?')).toBeVisible({ timeout: PEER_MS });
  const header = await readHeader(page);
  expect(header.network).toBe('Test network · Signal · Signal Protocol');
  expect(header.readers).toBe('Only people in this chat can read this.');
  expect(header.identity).toBe('Not checked yet.');
  expect(header.stopped).toBeNull();
  // Bob is in the phone's list, so he is told that it came, and that it was read.
  expect(await signal.next(bob, 'receipt')).toMatchObject({ from: { aci: phone.aci } });

  await sendText(page, 'It is with the neighbour');
  expect(await signal.next(bob, 'message')).toMatchObject({
    body: 'It is with the neighbour',
    from: { aci: phone.aci, device: linked.device },
  });
  const state = messageWith(page, 'It is with the neighbour').getByTestId('message-state');
  await expect(state).toHaveText(/Accepted|Sent/, { timeout: PEER_MS });
  expect(sentAt).toBeGreaterThan(0);
});

test('a contact under another key stops the conversation until the person has looked', async ({
  app,
  signal,
  phone,
  bob,
}) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await signal.introduce(bob, linked);
  await signal.sendText(bob, linked, 'before', { withProfileKey: true });
  await openChat(page, 'Bob');
  await expect(messageWith(page, 'before')).toBeVisible({ timeout: PEER_MS });
  await signal.call('changeIdentity', { account: bob.id });
  await signal.introduce(bob, linked);
  await signal.sendText(bob, linked, 'after');
  await expect(messageWith(page, 'after')).toBeVisible({ timeout: PEER_MS });
  await expect(page.getByTestId('header-stopped')).toBeVisible();
  expect((await readHeader(page)).identity).toMatch(/^Changed on /);
});

test('a phone that unlinks the computer is told of in words', async ({ app, signal, phone, bob }) => {
  const { page } = app;
  const linked = await linkSignal(page, signal, phone);
  await signal.introduce(bob, linked);
  await signal.sendText(bob, linked, 'still here', { withProfileKey: true });
  await expect(chatRow(page, 'Bob')).toBeVisible({ timeout: PEER_MS });
  await signal.call('unlink', { phone: phone.id, device: linked.id });
  await signal.call('cut', {});
  await expect(page.getByText('This computer was unlinked.', { exact: false }).first()).toBeVisible({
    timeout: PEER_MS,
  });
});
