import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  startSignalServer,
  type Account,
  type Linked,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { createLane } from '../../networks/signal/lane.ts';
import { conversationWith } from '../../networks/signal/names.ts';
import { TOLD_SPACES } from '../../networks/signal/wipe.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type { AccountId, ConversationId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { request, startRig, type Rig } from './rig.ts';

/** An account of Signal that is linked again in its own place: the real core, the real lane, Signal's own mock server. */
let server: SignalServer;
beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());

let alice: Account;
let phone: Account;
let here: Rig;
let linked: Linked;
let account: AccountId;
let chat: ConversationId;
let rigs: Rig[] = [];

const open = async (copyOf?: Rig): Promise<Rig> => {
  const rig = await startRig({
    lanes: { signal: createLane },
    signal: JSON.stringify(server.environment),
    ...(copyOf ? { copyOf } : {}),
  });
  rigs.push(rig);
  return rig;
};
/** Starts linking; what scans the code is a phone. */
async function link(
  { page }: Rig,
  scanning: Account,
  again: AccountId | null = null,
): Promise<{ readonly step: FlowStep; readonly linked: Promise<Linked> }> {
  const { flow } = await page.call('flow.start', {
    request: request(),
    account: again,
    network: 'signal',
    start: again === null ? { kind: 'add-account', args: {} } : { kind: 'link-again' },
  });
  const shown = await page.until('flow', (one) => one.flow === flow && one.step.kind === 'show-code');
  if (shown.step.kind !== 'show-code') throw new Error('no code');
  const device = server.link(scanning, shown.step.text);
  device.catch(() => undefined);
  const isLast = ({ kind }: FlowStep): boolean => kind === 'done' || kind === 'failed';
  const { step } = await page.until('flow', (one) => one.flow === flow && isLast(one.step));
  return { step, linked: device };
}
const online = ({ page }: Rig) => page.until('lane', ({ status }) => status.kind === 'online');
const row = ({ page }: Rig) => page.call('conversation.get', { conversation: chat });
const texts = async ({ page }: Rig): Promise<readonly string[]> => {
  const { rows } = await page.call('message.page', {
    conversation: chat,
    around: 'end',
    side: 'around',
    limit: 50,
  });
  return rows.flatMap((one) => (one.kind === 'message' ? [one.content.text] : []));
};
async function say(rig: Rig, text: string) {
  const { labelRevision } = await row(rig);
  return rig.page.call('message.send', {
    request: request(),
    conversation: chat,
    content: textOnly(text),
    seenLabel: labelRevision,
  });
}
/** What Alice gets next, and from which of my devices. */
const heard = async () => {
  const { body, from } = await server.next(alice, 'message');
  return [body, from?.device];
};
async function eventually({ page }: Rig, fits: () => Promise<boolean>): Promise<void> {
  let seen = 0;
  while (!(await fits())) ({ seq: seen } = await page.until('changed', ({ seq }) => seq > seen));
}
const says = (rig: Rig, text: string) => eventually(rig, async () => (await texts(rig)).includes(text));
const status = async ({ page }: Rig) => (await page.call('account.list', {})).rows[0]?.status;
/** Values of the cells by which a device seals and opens. The public keys of others are the same for every device. */
const secrets = ({ db }: Rig): readonly string[] =>
  db
    .all<{ readonly value: Uint8Array }>(
      'SELECT value FROM lane_state WHERE space NOT IN (SELECT value FROM json_each(?))',
      JSON.stringify([...TOLD_SPACES, 'identity/ACI', 'identity/PNI']),
    )
    .map(({ value }) => Buffer.from(value).toString('hex'));

beforeEach(async () => {
  alice = await server.account('Alice');
  phone = await server.account('Mara', { contacts: [alice] });
  here = await open();
  const first = await link(here, phone);
  expect(first.step.kind).toBe('done');
  linked = await first.linked;
  await online(here);
  account = here.db.get<{ readonly id: AccountId }>('SELECT id FROM account')?.id as AccountId;
  chat = conversationWith(account, alice.aci as ServiceId);
  await server.introduce(alice, linked);
  await server.sendText(alice, linked, 'hello Mara');
  await says(here, 'hello Mara');
  await here.page.call('conversation.accept', { request: request(), conversation: chat });
  await say(here, 'hello Alice');
  expect(await heard()).toEqual(['hello Alice', linked.device]);
});
afterEach(async () => {
  for (const rig of rigs) await rig.close();
  rigs = [];
});

/** The person compared the number, and said so in the shell's own window. */
async function check({ page }: Rig): Promise<void> {
  const { peer } = await row(here);
  if (peer === null) throw new Error('nobody to check');
  const start = { kind: 'check', peer } as const;
  const { flow } = await page.call('flow.start', { request: request(), account, network: 'signal', start });
  await page.until('flow', (one) => one.flow === flow && one.step.kind === 'compare');
  await page.call('flow.answer', { flow, answer: { kind: 'yes' } });
}

describe('AT-54 a restored profile', () => {
  test('is read, linked again, and goes on; nothing of the old ratchet is used', async () => {
    await check(here);
    const before = new Set(secrets(here));
    expect(before.size).toBeGreaterThan(10);
    const there = await open(here);
    expect(await status(there)).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
    expect(await texts(there)).toEqual(['hello Mara', 'hello Alice']);
    expect((await row(there)).label.sending).toEqual({ ok: false, why: 'clone-suspected' });
    expect(await say(there, 'too early')).toMatchObject({ kind: 'held', why: 'clone-suspected' });

    const stranger = await server.account('Somebody else');
    expect((await link(there, stranger, account)).step).toEqual({ kind: 'failed', why: 'another-account' });
    expect(await status(there)).toEqual({ kind: 'needs-person', why: 'clone-suspected' });

    const again = await link(there, phone, account);
    expect(again.step.kind).toBe('done');
    const now = await again.linked;
    expect(now.device).not.toBe(linked.device);
    await online(there);
    // The key that was checked is the key that is there; what waited in the copy is the person's to send again.
    expect((await row(there)).label).toMatchObject({
      sending: { ok: true },
      identity: { trust: { kind: 'checked' } },
    });
    expect(secrets(there).filter((value) => before.has(value))).toEqual([]);

    await server.introduce(alice, now);
    await server.sendText(alice, now, 'still you?');
    await says(there, 'still you?');
    await say(there, 'still me');
    expect(await heard()).toEqual(['still me', now.device]);
    expect(await texts(there)).toEqual(['hello Mara', 'hello Alice', 'too early', 'still you?', 'still me']);

    // Where it came from nothing changed.
    await say(here, 'and here');
    expect(await heard()).toEqual(['and here', linked.device]);
    expect((await there.page.call('account.list', {})).rows).toMatchObject([{ id: account }]);
  });
});

test('a computer that the phone unlinked is linked again, and its chats go on', async () => {
  await server.call('unlink', { phone: phone.id, device: linked.id });
  await server.call('cut', {});
  await here.page.until(
    'lane',
    ({ status: told }) => told.kind === 'needs-person' && told.why === 'unlinked',
  );
  const again = await link(here, phone, account);
  expect(again.step.kind).toBe('done');
  const now = await again.linked;
  await server.introduce(alice, now);
  await server.sendText(alice, now, 'there you are');
  await says(here, 'there you are');
  await say(here, 'here I am');
  expect(await heard()).toEqual(['here I am', now.device]);
  expect(await texts(here)).toEqual(['hello Mara', 'hello Alice', 'there you are', 'here I am']);
});

test('who has another key since then stops the chat as ever', async () => {
  await check(here);
  const there = await open(here);
  await server.call('changeIdentity', { account: alice.id });
  const again = await link(there, phone, account);
  expect(again.step.kind).toBe('done');
  await online(there);
  await say(there, 'are you Alice?');
  await eventually(there, async () => !(await row(there)).label.sending.ok);
  expect((await row(there)).label).toMatchObject({
    sending: { ok: false, why: 'identity-changed' },
    identity: { trust: { kind: 'changed', wasChecked: true } },
  });
});
