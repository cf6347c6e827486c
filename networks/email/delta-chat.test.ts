import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replaceKey, type DeltaChat } from '../../e2e/peers/deltachat.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import type { ConversationId, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import { saying, runFlow } from './test/lane-context.ts';
import {
  isMessage,
  isNote,
  joinByLink,
  openDeltaChat,
  openMailServer,
  openPlainseal,
  vcardOf,
  type Plainseal,
} from './test/world.ts';

const isKind =
  <K extends Change['kind']>(kind: K) =>
  (change: Change): change is Extract<Change, { kind: K }> =>
    change.kind === kind;

let server: MailServer;
let alice: DeltaChat;
let me: Plainseal;
let conversation: ConversationId;
let peer: PeerId;
/** Alice's chat with me. */
let chat: number;

beforeAll(async () => {
  // Takes encrypted mail only, like a chatmail relay: nothing else of ours can ever pass.
  server = await openMailServer({ policy: 'chatmail' });
  [alice, me] = await Promise.all([
    openDeltaChat(server, 'alice@example.org', { name: 'Alice' }),
    openPlainseal(server, 'me@example.org'),
  ]);
  ({ conversation, peer } = await joinByLink(me, await alice.inviteLink()));
  me.core.enqueue(saying(conversation, { text: 'hello' }));
  ({ chat } = await alice.waitForText('hello'));
});

afterAll(async () => {
  await me?.stop();
  await alice?.stop();
  await server?.stop();
});

/** Alice says something and I get it. */
async function hear(text: string) {
  const id = await alice.sendText(chat, text);
  const message = await me.core.waitFor(text, isMessage(text));
  return { id, message };
}

/** I say something and Alice gets it. */
async function say(text: string, more: Parameters<typeof saying>[1] = { text }) {
  const item = me.core.enqueue(saying(conversation, { ...more, text }));
  const seen = await alice.waitForText(text);
  return { key: item.intent.what.key, seen };
}

describe('with Delta Chat core', () => {
  test('the join checked the key on both sides', async () => {
    const fingerprint = peer.slice('email|'.length);
    expect(me.core.changes()).toContainEqual({
      kind: 'identity',
      peer,
      was: fingerprint,
      now: fingerprint,
      trust: { kind: 'checked', at: expect.any(Number), by: 'secure-join' },
    });
    expect((await alice.waitForVerified('me@example.org')).isVerified).toBe(true);
  });

  test('text goes both ways, sealed and signed', async () => {
    const { seen } = await say('Grüße – from Plainseal 🔒\n--\nsecond line\n> third');
    expect(seen.padlock).toBe(true);
    const { message } = await hear('Antwort\n-- \nmit Strichen');
    expect(message).toMatchObject({ author: peer, target: { conversation } });
    expect(message.evidence).toMatchObject({
      how: 'opened-here',
      from: { peer, proof: 'signature', trust: { kind: 'checked' } },
      details: expect.arrayContaining([
        { name: 'suite', value: 'OpenPGP SEIPDv2 aes128 ocb' },
        { name: 'header-protection', value: 'RFC 9788' },
        { name: 'hidden-recipients', value: 'yes' },
      ]),
    });
  });

  test('a reply names what it answers, both ways', async () => {
    const { id, message } = await hear('question');
    const intent = saying(conversation, { text: 'answer', quote: message.target.key });
    me.core.enqueue(intent, 'question');
    const seen = await alice.waitForText('answer');
    expect(seen.raw.quote).toMatchObject({ kind: 'WithMessage', messageId: id, text: 'question' });
    const { key, seen: asked } = await say('my question');
    await alice.reply(asked.id, 'her answer');
    const reply = await me.core.waitFor('her answer', isMessage('her answer'));
    expect(reply.content.quote).toBe(key);
  });

  test('a message without a quote is no reply', async () => {
    await hear('first of two');
    const { message } = await hear('second of two');
    expect(message.content.quote).toBeUndefined();
  });

  test('reactions go both ways and can be taken back', async () => {
    const { id, message } = await hear('react to this');
    const what = {
      kind: 'reaction' as const,
      key: newNetworkKey('email', 0),
      target: message.target.key,
    };
    me.core.enqueue({ conversation, sentAt: Date.now(), what: { ...what, emoji: ['👍🏽'] } });
    await alice.waitForReaction(id, '👍🏽');
    const { key, seen } = await say('react to that');
    await alice.react(seen.id, '❤️');
    const reaction = await me.core.waitFor('a reaction', isKind('reaction'));
    expect(reaction).toMatchObject({ target: { conversation, key }, by: peer, emoji: ['❤️'] });
    await alice.rpc.sendReaction(alice.account, seen.id, []);
    await me.core.waitFor(
      'the reaction taken back',
      (change): change is Change => change.kind === 'reaction' && change.emoji.length === 0,
    );
  });

  test('read receipts go both ways', async () => {
    const { key, seen } = await say('read this');
    await alice.markSeen(seen.id);
    await me.core.waitFor(
      'her receipt',
      (change): change is Change =>
        change.kind === 'receipt' && change.receipt.of === key && change.receipt.by === peer,
    );
    const { id, message } = await hear('and read this');
    const { id: secondId, message: second } = await hear('and this');
    me.core.enqueue({
      conversation,
      sentAt: Date.now(),
      what: {
        kind: 'receipt',
        key: newNetworkKey('email', 0),
        of: [message.target.key, second.target.key, 'never-asked@example.org' as NetworkKey],
        as: 'read',
        tell: true,
      },
    });
    await alice.waitForRead(id);
    await alice.waitForRead(secondId);
  });

  test('a receipt nobody asked for is not sent', async () => {
    const item = me.core.enqueue({
      conversation,
      sentAt: Date.now(),
      what: {
        kind: 'receipt',
        key: newNetworkKey('email', 0),
        of: ['no-such@example.org' as NetworkKey],
        as: 'read',
        tell: true,
      },
    });
    await me.core.waitUntil('cancelled', () => me.core.item(item.id).state === 'cancelled');
  });

  test('small files go both ways', async () => {
    const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, at) => at % 251));
    const file = me.core.addFile({ name: 'Übersicht „1“.bin', type: 'application/octet-stream' }, bytes);
    const { seen } = await say('with a file', { text: 'with a file', files: [file] });
    expect((await alice.fileOf(seen.id)).equals(bytes)).toBe(true);
    expect(seen.raw.fileName).toBe('Übersicht „1“.bin');
    await alice.sendFile(chat, 'données №2.bin', bytes, 'her file');
    const message = await me.core.waitFor('her file', isMessage('her file'));
    const [stored] = message.content.files;
    if (!stored) throw new Error('no file');
    const got = me.core.file(stored);
    expect(got.meta).toMatchObject({ name: 'données №2.bin', size: bytes.length });
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
  });

  test('a file that is too large is refused before anything is sealed', async () => {
    const file = me.core.addFile({ name: 'big', type: 'text/plain' }, Buffer.alloc(140_001));
    const item = me.core.enqueue(saying(conversation, { text: '', files: [file] }));
    await me.core.waitUntil('failed', () => me.core.item(item.id).state === 'failed');
    expect(me.core.steps().at(-1)).toMatchObject({ item: item.id, failure: 'too-large' });
  });

  test('a large file of hers is named as not fetched, and stays on the server', async () => {
    await alice.sendFile(chat, 'holiday.bin', Buffer.alloc(200_000, 7), 'a large one');
    await me.core.waitFor('its text', isMessage('a large one'));
    const note = await me.core.waitFor('the note', isNote('not-fetched'));
    expect(note).toMatchObject({ conversation, quoted: expect.stringMatching(/^holiday\.bin \(\d+ kB\)$/) });
    await me.core.waitUntil('the post-message set aside', () =>
      me.core.settled().some((settled) => settled.kind === 'quarantined' && settled.why === 'post-message'),
    );
    const aside = me.core.settled().find((settled) => settled.kind === 'quarantined');
    expect(aside).toMatchObject({ raw: { at: expect.stringContaining('INBOX;UIDVALIDITY=') } });
    expect(me.core.changes().filter(isNote('not-fetched'))).toHaveLength(1);
  });

  test('edits and deletions go both ways', async () => {
    const { id, message } = await hear('before');
    await alice.edit(id, 'after');
    const edit = await me.core.waitFor('her edit', isKind('edit'));
    expect(edit).toMatchObject({ target: message.target, by: peer, content: { text: 'after' } });
    await alice.deleteForAll(id);
    expect(await me.core.waitFor('her deletion', isKind('delete'))).toMatchObject({
      target: message.target,
      by: peer,
    });
    const { key, seen } = await say('my before');
    const content = { text: 'my after', ranges: [], files: [] };
    const what = { kind: 'edit' as const, key: newNetworkKey('email', 0), target: key, content };
    me.core.enqueue({ conversation, sentAt: Date.now(), what });
    await alice.waitForEdited(seen.id, 'my after');
    const gone = { kind: 'delete' as const, key: newNetworkKey('email', 0), target: key };
    me.core.enqueue({ conversation, sentAt: Date.now(), what: gone });
    await alice.waitForDeleted(seen.id);
  });

  test('a bounce fails the message it is about', async () => {
    server.faults.arm({ kind: 'bounce', recipient: 'alice@example.org' });
    const item = me.core.enqueue(saying(conversation, { text: 'returned to sender' }));
    const failed = await me.core.waitFor('the bounce', isKind('delivery-failed'));
    expect(failed).toMatchObject({ of: item.intent.what.key, why: 'bounced' });
  });

  test('nothing in the mailbox was marked or deleted', () => {
    const { mails, uidNext } = server.mailbox('me@example.org');
    expect(mails).toHaveLength(uidNext - 1);
    expect(mails.every(({ flags }) => flags.length === 0)).toBe(true);
    const said = server.record.commands().filter(({ address }) => address === 'me@example.org');
    expect(
      said.some(({ text }) => /^(?:UID )?(?:STORE|COPY|MOVE|EXPUNGE)|^(?:SELECT|EXPUNGE|CLOSE)/i.test(text)),
    ).toBe(false);
  });
});

describe('invitations', () => {
  test('a Delta Chat user follows my link', async () => {
    const bob = await openDeltaChat(server, 'bob@example.org', { name: 'Bob' });
    try {
      const stop = new AbortController();
      const flow = me.lane.flow({ kind: 'invite' }, me.core.context, stop.signal);
      const shown = (await flow.next()).value as Extract<FlowStep, { kind: 'show-code' }>;
      expect(shown.expiresAt).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
      const [, done] = await Promise.all([bob.join(shown.text), flow.next()]);
      const step = done.value as Extract<FlowStep, { kind: 'done' }>;
      expect(step.kind).toBe('done');
      expect((await bob.waitForVerified('me@example.org')).isVerified).toBe(true);
      me.core.enqueue(saying(step.conversation as ConversationId, { text: 'welcome' }));
      const seen = await bob.waitForText('welcome');
      await bob.sendText(seen.chat, 'thanks');
      await me.core.waitFor('thanks', isMessage('thanks'));
    } finally {
      await bob.stop();
    }
  });

  test('ABU-3 a stranger who has my card comes in as a request, and is sent nothing by itself', async () => {
    const carol = await openDeltaChat(server, 'carol@example.org', { name: 'Carol' });
    try {
      const contact = await carol.importVcard(await vcardOf(me));
      await carol.sendText(await carol.chatWith(contact), 'first words');
      const message = await me.core.waitFor('first words', isMessage('first words'));
      expect(message.evidence).toMatchObject({ from: { trust: { kind: 'unchecked' } } });
      const { conversation: with_ } = message.target;
      expect(me.core.changes()).toContainEqual(
        expect.objectContaining({
          kind: 'conversation',
          id: with_,
          patch: expect.objectContaining({ state: 'request', protocol: 'openpgp' }),
        }),
      );
      expect(me.core.changes()).toContainEqual(
        expect.objectContaining({ kind: 'peer', address: 'carol@example.org', name: 'Carol' }),
      );
      // Nothing went to her until I wrote: no receipt, no key, no greeting.
      const toCarol = () => server.record.mails().filter(({ to }) => to.includes('carol@example.org'));
      expect(toCarol()).toEqual([]);
      me.core.enqueue(saying(with_, { text: 'hello Carol' }));
      await carol.waitForText('hello Carol');
      expect(toCarol()).toHaveLength(1);
    } finally {
      await carol.stop();
    }
  });

  test('AT-11 the same address with another key is another peer, and stops the old conversation', async () => {
    const first = await openDeltaChat(server, 'dave@example.org', { name: 'Dave' });
    const old = await joinByLink(me, await first.inviteLink());
    const second = await replaceKey(first);
    try {
      const contact = await second.importVcard(await vcardOf(me));
      await second.sendText(await second.chatWith(contact), 'it is me, Dave');
      const message = await me.core.waitFor('the other Dave', isMessage('it is me, Dave'));
      expect(message.author).not.toBe(old.peer);
      expect(message.target.conversation).not.toBe(old.conversation);
      expect(me.core.changes()).toContainEqual({
        kind: 'identity',
        peer: old.peer,
        was: old.peer.slice('email|'.length),
        now: message.author.slice('email|'.length),
        trust: { kind: 'changed', at: expect.any(Number), wasChecked: true },
      });
      expect(me.core.changes()).toContainEqual(
        expect.objectContaining({
          kind: 'note',
          code: 'identity-changed',
          conversation: message.target.conversation,
        }),
      );
      // Core would hold this until the person has accepted the new key.
      me.core.enqueue(saying(old.conversation, { text: 'to the new key' }));
      await second.waitForText('to the new key');
      await second.sendText(await second.chatWith(contact), 'once more');
      await me.core.waitFor('the next', isMessage('once more'));
      const told = me.core
        .changes()
        .filter((change) => change.kind === 'identity' && change.trust.kind === 'changed');
      expect(told).toHaveLength(1);
    } finally {
      await second.stop();
    }
  });

  test('AT-13 a link of my own, of a group and of another network are refused by name', async () => {
    const flow = async (link: string) =>
      (await runFlow(me.lane, { kind: 'join', link }, me.core.context)).steps.at(-1);
    const stop = new AbortController();
    const mine = me.lane.flow({ kind: 'invite' }, me.core.context, stop.signal);
    const shown = (await mine.next()).value as Extract<FlowStep, { kind: 'show-code' }>;
    expect(await flow(shown.text)).toEqual({ kind: 'failed', why: 'code-own' });
    stop.abort();
    expect((await mine.next()).value).toEqual({ kind: 'failed', why: 'cancelled' });
    const group = await alice.createGroup('Friends', []);
    expect(await flow(await alice.inviteLink(group))).toEqual({ kind: 'failed', why: 'not-possible' });
    expect(await flow('sgnl://linkdevice?uuid=x')).toEqual({ kind: 'failed', why: 'code-of-another-kind' });
    expect(await flow('https://i.delta.chat/#nonsense')).toEqual({ kind: 'failed', why: 'code-malformed' });
  });
});
