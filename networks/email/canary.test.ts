import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { containsWord } from '../../e2e/peers/canary.ts';
import type { DeltaChat } from '../../e2e/peers/deltachat.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import type { HeaderLine } from './header-field.ts';
import type { Letter } from './letter.ts';
import { saying } from './test/lane-context.ts';
import {
  isMessage,
  joinByLink,
  openDeltaChat,
  openMailServer,
  openPlainseal,
  type Plainseal,
} from './test/world.ts';

/** Words that stand nowhere but in what is sealed. Each is looked for in every byte my program sent, also inside base64 and quoted-printable. */
const canaries = {
  myName: 'canary-my-name-71',
  theirName: 'canary-their-name-72',
  myText: 'canary-my-text-73',
  theirText: 'canary-their-text-74',
  fileName: 'canary-file-name-75',
  fileContent: 'canary-file-content-76',
  edited: 'canary-edited-77',
} as const;

/** What the tests put in the place of the lane's own: nothing, until a test says so. */
const injected = vi.hoisted(() => ({
  guardOff: false,
  letter: null as Letter | null,
  leak: null as
    | null
    | ((of: {
        readonly outer: readonly HeaderLine[];
        readonly armored: Uint8Array;
        readonly letter: Letter;
        readonly wrap: (outer: readonly HeaderLine[], armored: Uint8Array) => Uint8Array;
      }) => Uint8Array),
}));

vi.mock(import('./guard.ts'), async (original) => {
  const real = await original();
  const waved = new WeakSet<object>();
  return {
    ...real,
    isPassed: (value) => waved.has(value) || real.isPassed(value),
    guard: (operation, ever) => {
      if (!injected.guardOff) return real.guard(operation, ever);
      const mail = { from: operation.from, to: operation.to, bytes: operation.bytes };
      waved.add(mail);
      return { kind: 'pass', mail };
    },
  };
});
vi.mock(import('./letter.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    protectLetter: (letter, outside) => {
      injected.letter = letter;
      return real.protectLetter(letter, outside);
    },
  };
});
vi.mock(import('./pgp-mime.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    wrapEncrypted: (outer, armored) => {
      const { leak, letter } = injected;
      const wrap = real.wrapEncrypted;
      return leak === null || letter === null ? wrap(outer, armored) : leak({ outer, armored, letter, wrap });
    },
  };
});

let server: MailServer;
let alice: DeltaChat;
let me: Plainseal;
let conversation: ConversationId;
let chat: number;

beforeAll(async () => {
  server = await openMailServer();
  [alice, me] = await Promise.all([
    openDeltaChat(server, 'alice@example.org', { name: canaries.theirName }),
    openPlainseal(server, 'me@example.org', { name: canaries.myName }),
  ]);
  ({ conversation } = await joinByLink(me, await alice.inviteLink()));
});

afterAll(async () => {
  await me?.stop();
  await alice?.stop();
  await server?.stop();
});

/** The canaries my program let out since the record began: requests of both protocols, all connections. */
function escaped(): readonly string[] {
  const sent = server.record.requests().filter(({ address }) => address === me.address);
  expect(sent.length).toBeGreaterThan(0);
  return Object.entries(canaries)
    .filter(([, word]) => sent.some(({ bytes }) => containsWord(bytes, word)))
    .map(([name]) => name);
}

const file = () =>
  me.core.addFile(
    { name: `${canaries.fileName}.txt`, type: 'text/plain' },
    Buffer.from(`${canaries.fileContent}\n`.repeat(10)),
  );

test('nothing of what is said, and of what anything is called, leaves but inside ciphertext', async () => {
  const { key } = me.core.enqueue(saying(conversation, { text: canaries.myText, files: [file()] })).intent
    .what;
  const heard = await alice.waitForText(canaries.myText);
  expect(heard).toMatchObject({ padlock: true, raw: { fileName: `${canaries.fileName}.txt` } });
  expect((await alice.contact(heard.raw.fromId)).displayName).toBe(canaries.myName);
  ({ chat } = heard);
  await alice.sendText(chat, canaries.theirText);
  const theirs = await me.core.waitFor(canaries.theirText, isMessage(canaries.theirText));

  // An answer quotes; an edit, a reaction, a receipt and a deletion point at what was said.
  const quoting = saying(conversation, { text: 'an answer', quote: theirs.target.key });
  me.core.enqueue(quoting);
  await alice.waitForText('an answer');
  const sentAt = Date.now();
  const content = { text: canaries.edited, ranges: [], files: [] };
  const own = me.core.enqueue(saying(conversation, { text: 'before the edit' })).intent.what.key;
  const before = await alice.waitForText('before the edit');
  const fresh = { key: newNetworkKey('email', 0) };
  me.core.enqueue({ conversation, sentAt, what: { kind: 'edit', ...fresh, target: own, content } });
  await alice.waitForEdited(before.id, canaries.edited);
  const last = me.core.enqueue({
    conversation,
    sentAt,
    what: { kind: 'reaction', key: newNetworkKey('email', 0), target: theirs.target.key, emoji: ['👍'] },
  });
  const gone = me.core.enqueue({
    conversation,
    sentAt,
    what: { kind: 'delete', key: newNetworkKey('email', 0), target: key },
  });
  const read = me.core.enqueue({
    conversation,
    sentAt,
    what: {
      kind: 'receipt',
      key: newNetworkKey('email', 0),
      of: [theirs.target.key],
      as: 'read',
      tell: true,
    },
  });
  for (const { id } of [last, gone, read])
    await me.core.waitUntil('sent', () => me.core.item(id).state === 'sent');
  expect(escaped()).toEqual([]);
});

describe('a builder that leaks', () => {
  type Leak = NonNullable<typeof injected.leak>;
  const outside =
    (name: string, value: (letter: Letter) => string): Leak =>
    ({ outer, armored, letter, wrap }) =>
      wrap(
        outer.map((line): HeaderLine => (line[0] === name ? [name, value(letter)] : line)),
        armored,
      );
  const edited =
    (change: (mail: string, letter: Letter) => string): Leak =>
    ({ outer, armored, letter, wrap }) =>
      Buffer.from(change(Buffer.from(wrap(outer, armored)).toString('latin1'), letter), 'latin1');
  const filesOf = ({ body }: Letter) => (body.kind === 'files' ? body.files : []);
  const textOf = ({ body }: Letter): string => (body.kind === 'receipt' ? '' : body.text);

  const leaks: readonly [what: string, leak: Leak, escapes: readonly (keyof typeof canaries)[]][] = [
    ['the real subject outside', outside('Subject', ({ subject }) => subject), ['myName']],
    [
      'the name of the sender outside',
      outside('From', ({ from }) => `"${from.name}" <${from.address}>`),
      ['myName'],
    ],
    [
      'the name of a file outside',
      edited((mail, letter) => mail.replace('encrypted.asc', filesOf(letter)[0]?.name ?? '')),
      ['fileName'],
    ],
    [
      'a readable copy of the text beside, in base64',
      edited((mail, letter) => {
        const boundary = /boundary="([^"]+)"/.exec(mail)?.[1] ?? '';
        const copy = Buffer.from(` ${textOf(letter)}`).toString('base64');
        const part = `--${boundary}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${copy}\r\n`;
        return mail.replace(`--${boundary}--`, `${part}--${boundary}--`);
      }),
      ['myText'],
    ],
    [
      'the file itself, not sealed',
      edited((mail, letter) => {
        const [head = ''] = mail.split('\r\n\r\n', 1);
        const bytes = filesOf(letter)[0]?.bytes ?? new Uint8Array(0);
        return `${head}\r\n\r\n${Buffer.from(bytes).toString('base64').replaceAll(/.{76}/g, '$&\r\n')}\r\n`;
      }),
      ['fileContent'],
    ],
  ];

  beforeEach(() => {
    server.record.clear();
    return () => {
      injected.leak = null;
      injected.guardOff = false;
    };
  });

  test.each(leaks)('%s: is stopped by the guard', async (_what, leak) => {
    injected.leak = leak;
    const { id } = me.core.enqueue(saying(conversation, { text: canaries.myText, files: [file()] }));
    await me.core.waitUntil('held', () => me.core.item(id).state === 'held');
    expect(server.record.mails()).toEqual([]);
  });

  test.each(leaks)('%s: is found at the server with the guard off', async (_what, leak, escapes) => {
    injected.leak = leak;
    injected.guardOff = true;
    const { id } = me.core.enqueue(saying(conversation, { text: canaries.myText, files: [file()] }));
    await me.core.waitUntil('sent', () => me.core.item(id).state === 'sent');
    expect(escaped()).toEqual(escapes);
  });

  test('with the guard off, a builder that does not leak lets nothing out', async () => {
    injected.guardOff = true;
    const { id } = me.core.enqueue(saying(conversation, { text: canaries.myText, files: [file()] }));
    await me.core.waitUntil('sent', () => me.core.item(id).state === 'sent');
    expect(escaped()).toEqual([]);
  });
});
