import { afterAll, beforeAll, expect, test } from 'vitest';
import { containsWord } from './canary.ts';
import { createCertificate } from './certificate.ts';
import { replaceKey, startDeltaChat } from './deltachat.ts';
import type { DeltaChat } from './deltachat.ts';
import { startMailServer } from './mail/server.ts';
import type { MailServer } from './mail/server.ts';

const ALICE = 'alice@mail.test';
const BOB = 'bob@mail.test';
let server: MailServer;
let alice: DeltaChat;
let bob: DeltaChat;

beforeAll(async () => {
  server = await startMailServer({
    certificate: await createCertificate(),
    policy: 'chatmail',
    capabilities: ['XCHATMAIL'],
  });
  [alice, bob] = await Promise.all([
    startDeltaChat({ mail: server, address: ALICE, name: 'Alice' }),
    startDeltaChat({ mail: server, address: BOB, name: 'Bob' }),
  ]);
});

afterAll(async () => {
  await Promise.all([alice?.stop(), bob?.stop()]);
  await server?.stop();
});

test('SecureJoin by link verifies both sides, and texts go both ways', async () => {
  const chat = await bob.join(await alice.inviteLink());
  await Promise.all([bob.waitForVerified(ALICE), alice.waitForVerified(BOB)]);
  await bob.sendText(chat, 'Grüße 🔒');
  const got = await alice.waitForText('Grüße 🔒');
  expect(got).toMatchObject({ from: BOB, padlock: true });
  await alice.reply(got.id, 'and back');
  const back = await bob.waitForText('and back');
  expect(back.raw.quote?.text).toBe('Grüße 🔒');
});

test('reaction, read receipt, file, edit and delete arrive', async () => {
  const chat = await alice.chatWith(await alice.importVcard(await bob.vcard()));
  const sent = await alice.sendText(chat, 'look');
  const seen = await bob.waitForText('look');
  await bob.react(seen.id, '👍');
  await bob.markSeen(seen.id);
  await Promise.all([alice.waitForReaction(sent, '👍'), alice.waitForRead(sent)]);

  const bytes = Buffer.from('file with \0 bytes \xff', 'latin1');
  await bob.sendFile(seen.chat, 'notes.bin', bytes, 'a file');
  const file = await alice.waitForText('a file');
  expect(file.raw.fileName).toBe('notes.bin');
  expect(await alice.fileOf(file.id)).toEqual(bytes);

  await alice.edit(sent, 'look again');
  await bob.waitForEdited(seen.id, 'look again');
  await alice.deleteForAll(sent);
  await bob.waitForDeleted(seen.id);
});

test('a vCard alone gives a key-contact that can be written to', async () => {
  const carol = await startDeltaChat({ mail: server, address: 'carol@mail.test', name: 'Carol' });
  try {
    const contact = await carol.importVcard(await alice.vcard());
    expect(await carol.contact(contact)).toMatchObject({
      address: ALICE,
      isKeyContact: true,
      isVerified: false,
    });
    const stop = alice.answer(({ text }) => `you said: ${text}`);
    await carol.sendText(await carol.chatWith(contact), 'hello from a card');
    expect((await carol.waitForText('you said: hello from a card')).padlock).toBe(true);
    stop();
  } finally {
    await carol.stop();
  }
});

test('the same address with a new key is another key', async () => {
  const fingerprint = (vcard: string): string => /KEY:.*/.exec(vcard)?.[0] ?? vcard;
  const first = await startDeltaChat({ mail: server, address: 'dave@mail.test' });
  const before = await first.vcard();
  const second = await replaceKey(first);
  const after = await second.vcard();
  await second.stop();
  expect(second.address).toBe(first.address);
  expect(fingerprint(after)).toMatch(/^KEY:data:application\/pgp-keys/);
  expect(fingerprint(after)).not.toBe(fingerprint(before));
});

test('the server takes only encrypted mail and no word of it is readable', async () => {
  const chat = await bob.chatWith(await bob.importVcard(await alice.vcard()));
  const sent = await bob.sendText(chat, 'canary-word');
  await alice.waitForText('canary-word');
  await bob.waitForDelivered(sent);
  expect(server.record.mails().length).toBeGreaterThan(0);
  expect(server.record.mails().filter(({ raw }) => containsWord(raw, 'canary-word'))).toEqual([]);
  expect(server.record.requests().filter(({ bytes }) => containsWord(bytes, 'canary-word'))).toEqual([]);
});

test('a delivery failure marks the message as failed', async () => {
  // By default the core drops every unencrypted mail unread, delivery failures among them.
  const config = { force_encryption: '0' };
  const erin = await startDeltaChat({ mail: server, address: 'erin@mail.test', config });
  try {
    const chat = await erin.chatWith(await erin.importVcard(await alice.vcard()));
    server.faults.arm({ kind: 'bounce', recipient: ALICE }, { address: erin.address });
    expect(await erin.waitForFailed(await erin.sendText(chat, 'never arrives'))).toContain('no such user');
  } finally {
    await erin.stop();
  }
});
