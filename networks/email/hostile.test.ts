import * as fc from 'fast-check';
import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../shared/lane/change.ts';
import { createWork } from '../../shared/lane/work.ts';
import { generateOwnKey } from '../../crypto/openpgp/keys.ts';
import { sealWithPassword } from '../../crypto/openpgp/password.ts';
import { borrowing } from '../../crypto/openpgp/test-people.ts';
import { CHAT_VERSION } from './chat.ts';
import { compose } from './compose.ts';
import { saying } from './test/lane-context.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { createTaker, type Taken, type Taker } from './test/taker.ts';
import { autocryptOf, createWriter, letterOf, sealedMail, type Sealing, type Writer } from './test/writer.ts';
import { readSelf } from './account-record.ts';
import { protectLetter, type Letter } from './letter.ts';
import { wrapEncrypted } from './pgp-mime.ts';

const WORDS = 'hostile words';
let me: Taker;
let alice: Writer;
let mallory: Writer;

/** Alice is known: her key, her conversation. Mallory is not. */
beforeEach(async () => {
  me = await createTaker();
  alice = await createWriter('alice@example.org', 'Alice');
  mallory = await createWriter('mallory@example.net', 'Mallory');
  const { changes } = await me.take(await mail(alice, 'hello'));
  expect(messages(changes)).toHaveLength(1);
});

const mail = (from: Writer, text: string, how: Sealing = {}, more: Partial<Letter> = {}) =>
  sealedMail(from, letterOf(from, me.address, text, more), [me.certificate], how);
const messages = (changes: readonly Change[]) => changes.filter((change) => change.kind === 'message');
const notes = (changes: readonly Change[], code: string) =>
  changes.filter((change) => change.kind === 'note' && change.code === code);
const peerOf = (writer: Writer) => `email|${writer.key.certificate.fingerprint}`;
const conversationOf = (writer: Writer) => `account|${peerOf(writer)}`;

/** Nothing was shown; the mail is set aside, for this reason, and says so in Alice's conversation or nowhere. */
function expectAside({ changes, settled, logged }: Taken, why: string | RegExp, noted: boolean): void {
  expect(changes.filter(({ kind }) => kind !== 'note' && kind !== 'peer')).toEqual([]);
  expect(settled).toEqual([
    {
      kind: 'quarantined',
      envelope: expect.any(String),
      raw: { at: expect.any(String) },
      why: typeof why === 'string' ? why : expect.stringMatching(why),
    },
  ]);
  expect(notes(changes, 'not-opened')).toEqual(
    noted ? [expect.objectContaining({ conversation: conversationOf(alice) })] : [],
  );
  expect(logged).toEqual([]);
}

const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const asBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const outerFrom = (address: string): Sealing => ({
  outer: (lines) => lines.map((line) => (line[0] === 'From' ? (['From', `<${address}>`] as const) : line)),
});

describe('who wrote it', () => {
  test('AT-11 signed by Mallory, but called from Alice, is another Alice and stops the first one', async () => {
    const fake = await createWriter(alice.address, 'Alice');
    const { changes } = await me.take(await mail(fake, WORDS));
    expect(messages(changes)).toMatchObject([
      { author: peerOf(fake), target: { conversation: conversationOf(fake) } },
    ]);
    expect(changes).toContainEqual({
      kind: 'identity',
      peer: peerOf(alice),
      was: alice.key.certificate.fingerprint,
      now: fake.key.certificate.fingerprint,
      trust: { kind: 'changed', at: expect.any(Number), wasChecked: false },
    });
    // What the person sends there once core lets it go on is for the key they accepted, and conflicts with any newer one.
    const self = await readSelf(createWork(me.core.context.view), Date.now());
    const work = createWork(me.core.context.view);
    const composed = await compose(
      {
        account: me.core.context.account,
        self,
        work,
        now: Date.now(),
        files: me.core.context.files,
        random: () => 0,
      },
      { intent: saying(conversationOf(alice) as ConversationId, { text: 'to whom' }) },
    );
    expect(composed).toMatchObject({
      artifact: { to: alice.address, identity: fake.key.certificate.fingerprint },
    });
    expect(work.writes().map(({ key }) => `${key.space}/${key.key}`)).toContain(
      `peer/${alice.key.certificate.fingerprint}`,
    );
    const { changes: again } = await me.take(await mail(fake, 'again'));
    expect(again.filter(({ kind }) => kind === 'identity')).toEqual([]);
    const { changes: hers } = await me.take(await mail(alice, 'it is really me'));
    expect(messages(hers)).toMatchObject([{ author: peerOf(alice) }]);
    expect(hers.filter(({ kind }) => kind === 'identity')).toEqual([]);
  });

  test('Mallory inside, Alice outside: nobody', async () => {
    expectAside(await me.take(await mail(mallory, WORDS, outerFrom(alice.address))), 'sender-mismatch', true);
  });

  test('Alice inside, Mallory outside, signed by Alice (passed on): nobody', async () => {
    expectAside(
      await me.take(await mail(alice, WORDS, outerFrom(mallory.address))),
      'sender-mismatch',
      false,
    );
  });

  test('signed by Mallory whose key says nothing of the address it writes from', async () => {
    const how: Sealing = {
      inner: (inner) => inner.replace(/^Autocrypt: .*\r\n(?: .*\r\n)*/m, ''),
      signedBy: alice.key,
    };
    expectAside(await me.take(await mail(mallory, WORDS, how)), 'sender-is-not-signer', false);
  });

  test('unsigned', async () => {
    const letter = letterOf(alice, me.address, WORDS);
    const { outer, inner } = protectLetter(letter, {
      hidden: true,
      chatVersion: true,
      now: Date.now(),
      random: 0,
    });
    const armored = await unsigned(inner);
    expectAside(await me.take(wrapEncrypted(outer, armored)), 'unsigned', true);
  });

  /** Sealed to my key and not signed. */
  async function unsigned(plaintext: Uint8Array): Promise<Uint8Array> {
    const { createMessage, encrypt, readKey } = await import('openpgp');
    const text = await encrypt({
      message: await createMessage({ binary: plaintext }),
      encryptionKeys: await readKey({ binaryKey: me.certificate.bytes }),
      wildcard: true,
    });
    return asBytes(`${text.replace(/\r?\n/g, '\r\n').trimEnd()}\r\n`);
  }

  test('signed by a key nobody knows, which is not enclosed', async () => {
    const how: Sealing = { inner: (inner) => inner.replace(/^Autocrypt: .*\r\n(?: .*\r\n)*/m, '') };
    expectAside(await me.take(await mail(mallory, WORDS, how)), 'signer-unknown', false);
  });

  test('sealed by Alice for somebody else, then sealed again for me', async () => {
    const other = await createWriter('other@example.org');
    const letter = letterOf(alice, me.address, WORDS);
    const { inner } = protectLetter(letter, { hidden: true, chatVersion: true, now: Date.now(), random: 0 });
    // The signed packets of a mail for `other`, inside a mail for me.
    const { signedPackets } = await import('../../crypto/openpgp/seal.ts');
    const signed = await signedPackets(inner, alice.key, [other.key.certificate], Date.now());
    const { sealSeipd2 } = await import('../../crypto/openpgp/seipd2.ts');
    const { packet } = await import('../../crypto/openpgp/packets.ts');
    const { armor } = await import('../../crypto/openpgp/armor.ts');
    const { encryptSessionKey, readKey } = await import('openpgp');
    const data = new Uint8Array(16).fill(9);
    const keys = await encryptSessionKey({
      data,
      algorithm: 'aes128',
      aeadAlgorithm: 'ocb',
      encryptionKeys: await readKey({ binaryKey: me.certificate.bytes }),
      wildcard: true,
      format: 'binary',
    });
    const armored = armor(Buffer.concat([keys, packet(18, sealSeipd2(data, 7, signed as Uint8Array))]));
    const { outer } = protectLetter(letter, { hidden: true, chatVersion: true, now: Date.now(), random: 0 });
    expectAside(await me.take(wrapEncrypted(outer, armored)), 'not-for-us', true);
  });

  test('sealed for somebody else', async () => {
    const other = await createWriter('other@example.org');
    const bytes = await sealedMail(alice, letterOf(alice, me.address, WORDS), [other.key.certificate]);
    expectAside(await me.take(bytes), 'not-for-us', true);
  });

  test('several senders inside, none, or one that is no address', async () => {
    for (const from of [
      `<${alice.address}>, <${mallory.address}>`,
      'nobody',
      `<${alice.address}>\r\nFrom: <${mallory.address}>`,
    ]) {
      const how: Sealing = { inner: (inner) => inner.replace(/^From: .*$/m, () => `From: ${from}`) };
      expectAside(await me.take(await mail(alice, WORDS, how)), 'sender-missing', true);
    }
  });

  test('several senders outside', async () => {
    const how: Sealing = { outer: (lines) => [...lines, ['From', `<${mallory.address}>`]] };
    const { changes, settled } = await me.take(await mail(alice, WORDS, how));
    expect(messages(changes)).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'quarantined', why: 'sender-mismatch' }]);
  });

  test('without a protected header, only an address of the key itself counts', async () => {
    const classic: Sealing = { inner: () => `Content-Type: text/plain\r\n\r\n${WORDS}` };
    const { changes } = await me.take(await mail(alice, WORDS, classic));
    expect(messages(changes)).toMatchObject([
      {
        author: peerOf(alice),
        evidence: {
          details: expect.arrayContaining([{ name: 'header-protection', value: 'none' }]),
          facts: [{ exposed: { is: ['subject'] } }],
        },
      },
    ]);
    expectAside(
      await me.take(await mail(alice, WORDS, { ...classic, ...outerFrom(mallory.address) })),
      'sender-mismatch',
      false,
    );
  });

  test('from my own address, signed or not, says nothing', async () => {
    const self = await createWriter(me.address);
    const { changes, settled } = await me.take(await mail(self, WORDS));
    expect(changes).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'consumed' }]);
  });
});

describe('damage', () => {
  test('cut anywhere', async () => {
    const whole = await mail(alice, WORDS.repeat(100));
    for (let part = 1; part < 12; part++) {
      const cut = whole.subarray(0, Math.floor((whole.length * part) / 12));
      const { changes, logged } = await me.take(cut);
      expect(messages(changes)).toEqual([]);
      expect(logged).toEqual([]);
    }
  });

  test('one byte of the sealed body changed', async () => {
    const how: Sealing = {
      armored: (armored) => {
        const lines = asText(armored).split('\r\n');
        const line = lines[8] ?? '';
        lines[8] = (line.startsWith('A') ? 'B' : 'A') + line.slice(1);
        return asBytes(lines.join('\r\n'));
      },
    };
    expectAside(
      await me.take(await mail(alice, WORDS.repeat(100), how)),
      /damaged|malformed|not-for-us/,
      true,
    );
  });

  test('no armor, two armors, or clear words beside the armor', async () => {
    for (const armored of [
      () => asBytes(WORDS),
      (one: Uint8Array) => Buffer.concat([one, one]),
      (one: Uint8Array) => Buffer.concat([asBytes(`${WORDS}\r\n`), one]),
    ])
      expectAside(await me.take(await mail(alice, WORDS, { armored })), 'malformed', true);
  });

  test('AT-03 a mail that says it is sealed and is not', async () => {
    const text = `From: <${alice.address}>\r\nMessage-ID: <a@b>\r\nContent-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\n\r\n${WORDS}\r\n--x--\r\n`;
    expectAside(await me.take(text), 'shape', true);
  });

  test('nothing inside that could be read', async () => {
    const bomb = `${'X-A: b\r\n'.repeat(2_000)}From: <${alice.address}>\r\n\r\n${WORDS}`;
    expectAside(await me.take(await mail(alice, WORDS, { inner: () => bomb })), 'inside-malformed', true);
  });
});

describe('shapes servers make of it', () => {
  const armorOf = (whole: Uint8Array): string =>
    /-----BEGIN[\s\S]*-----END PGP MESSAGE-----/.exec(asText(whole))?.[0] ?? '';
  const head = (type: string) =>
    `From: <${alice.address}>\r\nTo: <${me.address}>\r\nMessage-ID: <shape-${Math.random()}@x>\r\nChat-Version: 1.0\r\nContent-Type: ${type}; boundary="xx"\r\n\r\n`;
  const pgp = (armor: string) =>
    `--xx\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--xx\r\nContent-Type: application/octet-stream\r\n\r\n${armor}\r\n`;

  test('mixed up, as Exchange and Proton deliver it', async () => {
    const armor = armorOf(await mail(alice, 'mixed up'));
    const { changes } = await me.take(
      `${head('multipart/mixed')}--xx\r\nContent-Type: text/plain\r\n\r\n\r\n${pgp(armor)}--xx--\r\n`,
    );
    expect(messages(changes)).toMatchObject([{ content: { text: 'mixed up' } }]);
  });

  test('wrapped behind a footer, as Google Workspace delivers it', async () => {
    const armor = armorOf(await mail(alice, 'wrapped'));
    const inside = `--yy\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--yy\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(armor).toString('base64')}\r\n--yy--\r\n`;
    const { changes } = await me.take(
      `${head('multipart/mixed')}--xx\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--xx\r\nContent-Type: multipart/encrypted; boundary=yy\r\n\r\n${inside}\r\n--xx--\r\n`,
    );
    expect(messages(changes)).toMatchObject([{ content: { text: 'wrapped' } }]);
  });

  test('quoted-printable armor and LF line ends', async () => {
    const armor = armorOf(await mail(alice, 'quoted')).replaceAll('=', '=3D');
    const text = `${head('multipart/encrypted')}${pgp(armor).replace('octet-stream\r\n', 'octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n')}--xx--\r\n`;
    const { changes } = await me.take(text.replaceAll('\r\n', '\n'));
    expect(messages(changes)).toMatchObject([{ content: { text: 'quoted' } }]);
  });

  test('AT-03 with clear words in front, it is a plain mail and not opened', async () => {
    const armor = armorOf(await mail(alice, WORDS));
    const { changes } = await me.take(
      `${head('multipart/mixed')}--xx\r\nContent-Type: text/plain\r\n\r\nread this\r\n${pgp(armor)}--xx--\r\n`,
    );
    expect(messages(changes)).toEqual([]);
    expect(notes(changes, 'arrived-in-the-clear')).toHaveLength(1);
  });

  test('inline armor in a plain mail is not opened', async () => {
    const armor = armorOf(await mail(alice, WORDS));
    const { changes } = await me.take(
      `From: <${alice.address}>\r\nMessage-ID: <inline@x>\r\nContent-Type: text/plain\r\n\r\n${armor}\r\n`,
    );
    expect(messages(changes)).toEqual([]);
    expect(notes(changes, 'arrived-in-the-clear')).toHaveLength(1);
  });

  test('an encrypted mail inside an encrypted mail stays shut', async () => {
    const nested = asText(await mail(alice, WORDS));
    const { changes } = await me.take(
      await mail(alice, 'outer words', {
        inner: (inner) =>
          inner
            .replace(/Content-Type: text\/plain[^\r]*\r\n/, 'Content-Type: message/rfc822\r\n')
            .replace(/Content-Transfer-Encoding: base64\r\n/, '')
            .replace(/\r\n\r\n[\s\S]*$/, `\r\n\r\n${nested}`),
      }),
    );
    expect(JSON.stringify(messages(changes))).not.toContain(WORDS);
  });
});

describe('more readers than two', () => {
  test.each([
    ['a group', ['Chat-Group-ID', 'abcdefghijk']],
    ['a channel', ['Chat-List-ID', 'News <x>']],
    ['a mailing list', ['List-Id', '<list.example.org>']],
    ['a copy for somebody', ['Cc', '<third@example.org>']],
  ] as const)('%s is not shown as a message for me alone', async (_what, field) => {
    const letter = letterOf(alice, me.address, WORDS);
    const bytes = await sealedMail(alice, { ...letter, fields: [...letter.fields, field] }, [me.certificate]);
    expectAside(await me.take(bytes), 'not-direct', true);
  });

  test('neither is one with a further address in To', async () => {
    const how: Sealing = {
      inner: (inner) => inner.replace(/^To: .*$/m, `To: <${me.address}>, <third@example.org>`),
    };
    expectAside(await me.take(await mail(alice, WORDS, how)), 'not-direct', true);
  });
});

describe('AT-18 twice, and borrowed names', () => {
  test('the same mail again is a duplicate', async () => {
    const bytes = await mail(alice, WORDS);
    expect(messages((await me.take(bytes)).changes)).toHaveLength(1);
    const again = await me.take(bytes);
    expect(again.changes).toEqual([]);
    expect(again.settled).toMatchObject([{ kind: 'duplicate' }]);
  });

  test('twice in one batch', async () => {
    const bytes = await mail(alice, WORDS);
    const { changes, settled } = await me.take(bytes, bytes);
    expect(messages(changes)).toHaveLength(1);
    expect(settled.map(({ kind }) => kind)).toEqual(['consumed', 'duplicate']);
  });

  test("Alice's Message-ID in Mallory's mail hides nothing", async () => {
    const first = messages((await me.take(await mail(mallory, 'mine', {}, { messageId: 'same@x' }))).changes);
    const second = messages((await me.take(await mail(alice, 'hers', {}, { messageId: 'same@x' }))).changes);
    expect(first).toMatchObject([{ target: { key: 'same@x' } }]);
    expect(second).toMatchObject([
      { target: { key: `same@x|${alice.key.certificate.fingerprint}` }, content: { text: 'hers' } },
    ]);
  });

  test('without any Message-ID it is still shown, once', async () => {
    const strip: Sealing = {
      inner: (inner) => inner.replace(/^Message-ID: .*\r\n/m, ''),
      outer: (lines) => lines.filter(([name]) => name !== 'Message-ID'),
    };
    const { changes } = await me.take(await mail(alice, WORDS, strip));
    expect(messages(changes)).toMatchObject([{ target: { key: expect.stringContaining('@unnamed') } }]);
  });
});

describe('what is about other messages', () => {
  const about = (more: Partial<Letter>, from = alice) => mail(from, WORDS, {}, more);

  test('receipts and bounces for mail I never sent say nothing', async () => {
    const receipt = await sealedMail(
      alice,
      letterOf(alice, me.address, { kind: 'receipt', of: ['never@x', 'nor@x'] }),
      [me.certificate],
    );
    expect((await me.take(receipt)).changes).toEqual([]);
    const bounce = `From: mailer-daemon@x.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <never@x>\r\n\r\n--b--\r\n`;
    const { changes, settled } = await me.take(
      bounce,
      bounce.replace('failed', 'delayed'),
      bounce.slice(0, 120),
    );
    expect(changes).toEqual([]);
    expect(settled.map(({ kind }) => kind)).toEqual(['consumed', 'consumed', 'consumed']);
  });

  test('a report that is too large to be one is left alone', async () => {
    const bytes = `From: mailer-daemon@x.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n${'x'.repeat(1_100_000)}`;
    expect(await me.take(bytes)).toMatchObject({ changes: [], settled: [{ kind: 'consumed' }] });
  });

  test('AT-19 reactions, edits and deletions of strangers open no conversation', async () => {
    for (const fields of [[['Chat-Edit', '<a@b>']], [['Chat-Delete', '<a@b>']]] as const) {
      const letter = letterOf(mallory, me.address, WORDS);
      const bytes = await sealedMail(mallory, { ...letter, fields: [...letter.fields, ...fields] }, [
        me.certificate,
      ]);
      const { changes } = await me.take(bytes);
      expect(changes.filter(({ kind }) => kind !== 'peer')).toEqual([]);
    }
    const letter = letterOf(mallory, me.address, { kind: 'text', text: '👍', disposition: 'reaction' });
    const { changes } = await me.take(
      await sealedMail(mallory, { ...letter, fields: [...letter.fields, ['In-Reply-To', '<a@b>']] }, [
        me.certificate,
      ]),
    );
    expect(changes.filter(({ kind }) => kind !== 'peer')).toEqual([]);
  });

  test('words are no reaction', async () => {
    const letter = letterOf(alice, me.address, {
      kind: 'text',
      text: 'send money 👍 👍 <b>',
      disposition: 'reaction',
    });
    const { changes } = await me.take(
      await sealedMail(alice, { ...letter, fields: [...letter.fields, ['In-Reply-To', '<a@b>']] }, [
        me.certificate,
      ]),
    );
    expect(changes).toMatchObject([{ kind: 'reaction', emoji: ['👍'] }]);
  });

  test('a reaction to nothing is dropped', async () => {
    const letter = letterOf(alice, me.address, { kind: 'text', text: '👍', disposition: 'reaction' });
    expect((await me.take(await sealedMail(alice, letter, [me.certificate]))).changes).toEqual([]);
  });

  test('a pre-message that lies about its file', async () => {
    for (const [metadata, quoted] of [
      ['{"size":300000,"filename":"..\\\\u202egpj.exe"}', undefined],
      ['{"size":-1}', undefined],
      ['{', undefined],
      ['{"size":1}', '1 B'],
      ['{"size":2500000,"filename":"a\\u202eb"}', 'a b (2.5 MB)'],
    ] as const) {
      const letter = letterOf(alice, me.address, 'look');
      const fields = [
        ...letter.fields,
        ['Chat-Post-Message-ID', `<post-${Math.random()}@x>`],
        ['Chat-Post-Message-Metadata', metadata],
      ] as const;
      const { changes } = await me.take(await sealedMail(alice, { ...letter, fields }, [me.certificate]));
      const [note] = notes(changes, 'not-fetched');
      expect(note).toBeDefined();
      if (quoted !== undefined) expect(note).toMatchObject({ quoted });
      else expect(JSON.stringify(note)).not.toContain('\u202e');
    }
  });

  test('a post-message nobody announced is named all the same', async () => {
    const bytes = await about({});
    const { changes, settled } = await me.take(
      asBytes(asText(bytes).replace('Chat-Version', 'Chat-Is-Post-Message: 1\r\nChat-Version')),
    );
    expect(notes(changes, 'not-fetched')).toHaveLength(1);
    expect(settled).toMatchObject([{ kind: 'quarantined', why: 'post-message' }]);
  });
});

describe('too much', () => {
  test('a header too large to be read', async () => {
    const bytes = `From: <${alice.address}>\r\nSubject: ${'x'.repeat(300_000)}\r\n\r\nx`;
    const { changes, settled } = await me.take(bytes);
    expect(messages(changes)).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'quarantined', why: 'header-too-large' }]);
  });

  test('a list of a hundred thousand addresses', async () => {
    const many = Array.from({ length: 100_000 }, (_, at) => `<a${at}@b.c>`).join(', ');
    const how: Sealing = { inner: (inner) => inner.replace(/^To: .*$/m, `To: ${many.slice(0, 200_000)}`) };
    const started = performance.now();
    const { changes } = await me.take(await mail(alice, WORDS, how));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(changes.length).toBeLessThan(3);
  });

  test('ten thousand levels of parts', async () => {
    const deep = Array.from(
      { length: 10_000 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
    ).join('');
    const how: Sealing = {
      inner: (inner) =>
        inner.replace(/^Content-Type: .*\r\n/m, '').replace(/\r\n\r\n[\s\S]*$/, `\r\n${deep}`),
    };
    const { changes, settled, logged } = await me.take(await mail(alice, WORDS, how));
    expect(messages(changes)).toEqual([]);
    expect(settled).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  test('a bomb that opens to more than 64 MiB', async () => {
    const { packet, TAG } = await import('../../crypto/openpgp/packets.ts');
    const { sealSeipd2 } = await import('../../crypto/openpgp/seipd2.ts');
    const { armor } = await import('../../crypto/openpgp/armor.ts');
    const { encryptSessionKey, readKey } = await import('openpgp');
    const data = new Uint8Array(16).fill(9);
    const keys = await encryptSessionKey({
      data,
      algorithm: 'aes128',
      aeadAlgorithm: 'ocb',
      encryptionKeys: await readKey({ binaryKey: me.certificate.bytes }),
      format: 'binary',
    });
    const literal = packet(
      TAG.literal,
      Buffer.concat([Uint8Array.of(0x62, 0, 0, 0, 0, 0), Buffer.alloc(70 * 1024 * 1024)]),
    );
    const compressed = packet(TAG.compressed, Uint8Array.of(2), deflateSync(literal));
    const armored = armor(Buffer.concat([keys, packet(TAG.seipd, sealSeipd2(data, 7, compressed))]));
    const { outer } = protectLetter(letterOf(alice, me.address, WORDS), {
      hidden: true,
      chatVersion: true,
      now: Date.now(),
      random: 0,
    });
    expectAside(await me.take(wrapEncrypted(outer, armored)), 'too-large', true);
  });

  test('a text too long for a row goes along as a file, whole', async () => {
    const long = 'ä'.repeat(70_000);
    const { changes } = await me.take(await mail(alice, long));
    const [message] = messages(changes);
    if (message?.kind !== 'message') throw new Error('no message');
    expect(message.content.text).toBe('ä'.repeat(64_000));
    const [file] = message.content.files;
    if (!file) throw new Error('no file');
    expect(Buffer.from(me.core.file(file).bytes).toString()).toBe(long);
  });

  test('forty files: as many as a message may have', async () => {
    const files = Array.from({ length: 40 }, (_, at) => ({
      name: at === 0 ? '../../etc/passwd' : `f${at}`,
      type: 'text/plain',
      bytes: Buffer.from('x'),
    }));
    const { changes } = await me.take(
      await sealedMail(alice, letterOf(alice, me.address, { kind: 'files', text: 'many', files }), [
        me.certificate,
      ]),
    );
    const [message] = messages(changes);
    if (message?.kind !== 'message') throw new Error('no message');
    expect(message.content.files).toHaveLength(32);
    const [first] = message.content.files;
    expect(first && me.core.file(first).meta.name).toBe('passwd');
  });

  test('a mail larger than is fetched', async () => {
    const big = await createTaker('big@example.org');
    const writer = await createWriter('w@example.org');
    await big.take(await sealedMail(writer, letterOf(writer, big.address, 'hi'), [big.certificate]));
    const bytes = Buffer.concat([
      await sealedMail(writer, letterOf(writer, big.address, 'x'), [big.certificate]),
      Buffer.alloc(41 * 1024 * 1024, 32),
    ]);
    const { changes, settled } = await big.take(bytes);
    expect(notes(changes, 'not-fetched')).toMatchObject([{ quoted: '43.0 MB' }]);
    expect(settled).toMatchObject([{ kind: 'quarantined', why: 'too-large' }]);
  });
});

describe('odd letters', () => {
  test.each([
    ['a charset nobody knows', 'text/plain; charset=klingon', 'abc'],
    ['bytes that are no UTF-8', 'text/plain; charset=utf-8', '\xff\xfe\x80'],
    ['lone halves of characters', 'text/plain; charset=utf-16', '\xd8\x00a'],
    ['HTML alone', 'text/html', '<p>hi <script>alert(1)</script><b>there</b></p>'],
  ])('%s', async (_what, type, body) => {
    const how: Sealing = {
      inner: (inner) =>
        inner
          .replace(/^Content-Type: [^;]*; charset="utf-8"/m, `Content-Type: ${type}`)
          .replace(/Content-Transfer-Encoding: base64/, 'Content-Transfer-Encoding: 8bit')
          .replace(/\r\n\r\n[\s\S]*$/, `\r\n\r\n${body}`),
    };
    const { changes, logged } = await me.take(await mail(alice, WORDS, how));
    expect(logged).toEqual([]);
    const [message] = messages(changes);
    if (message?.kind !== 'message') throw new Error('not shown');
    expect(message.content.text.isWellFormed()).toBe(true);
    expect(message.content.text).not.toMatch(/<script|alert/);
  });

  test('AT-02 names that turn text around or break the line', async () => {
    const odd = { ...mallory, name: 'Al\u202eecil\u0007a' };
    const { changes } = await me.take(await mail(odd, WORDS));
    expect(changes).toContainEqual(expect.objectContaining({ kind: 'peer', name: 'Al ecil a' }));
  });

  test('a date in the future or from nowhere does not order anything', async () => {
    for (const date of ['Mon, 1 Jan 2099 00:00:00 +0000', 'yesterday', '']) {
      const how: Sealing = { inner: (inner) => inner.replace(/^Date: .*$/m, `Date: ${date}`) };
      const [message] = messages((await me.take(await mail(alice, WORDS, how))).changes);
      expect(message?.kind === 'message' && message.sentAt).toBeLessThanOrEqual(Date.now());
    }
  });

  test('subject and text of a mail program', async () => {
    const letter = letterOf(alice, me.address, '> quoted\n\nbelow\n-- \nsignature', {
      subject: 'Re: Grüße',
      fields: [autocryptOf(alice), ['In-Reply-To', '<a@b>']],
    });
    const { changes } = await me.take(await sealedMail(alice, letter, [me.certificate], { hidden: false }));
    expect(messages(changes)).toMatchObject([
      { content: { text: 'Re: Grüße\n\n> quoted\n\nbelow\n-- \nsignature', quote: 'a@b' } },
    ]);
  });

  test('nothing at all inside', async () => {
    const { changes, settled } = await me.take(await mail(alice, ''));
    expect(messages(changes)).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'consumed' }]);
  });

  test('stickers and voices are called so', async () => {
    const body = {
      kind: 'files' as const,
      text: '',
      files: [{ name: 'a.webp', type: 'image/webp', bytes: Buffer.from('x') }],
    };
    for (const [field, special] of [
      [['Chat-Content', 'sticker'], 'sticker'],
      [['Chat-Voice-Message', '1'], 'voice'],
    ] as const) {
      const letter = letterOf(alice, me.address, body);
      const { changes } = await me.take(
        await sealedMail(alice, { ...letter, fields: [...letter.fields, field] }, [me.certificate]),
      );
      expect(messages(changes)).toMatchObject([{ content: { special } }]);
    }
  });
});

describe('keys', () => {
  /** Alice's key with a later end: the same fingerprint, a newer self-signature. */
  async function renewed(): Promise<Writer> {
    const { readPrivateKey, reformatKey } = await import('openpgp');
    const privateKey = await readPrivateKey({ binaryKey: alice.key.secret });
    const again = await reformatKey({
      privateKey,
      userIDs: [{ email: alice.address }],
      keyExpirationTime: 90 * 86_400,
      format: 'binary',
    });
    const { importOwnKey } = await import('../../crypto/openpgp/keys.ts');
    const read = await importOwnKey(again.privateKey, null, Date.now());
    if (read.kind !== 'imported') throw new Error(read.why);
    return { ...alice, key: read.key };
  }

  test('a renewed certificate is taken in, and the forecast stated anew', async () => {
    const hers = await renewed();
    expect(hers.key.certificate.fingerprint).toBe(alice.key.certificate.fingerprint);
    const before = me.core.commits.length;
    const { changes } = await me.take(await mail(hers, 'renewed'));
    expect(messages(changes)).toMatchObject([{ author: peerOf(alice) }]);
    expect(changes.filter(({ kind }) => kind === 'identity')).toEqual([]);
    expect(me.core.commits.slice(before).flatMap(({ forecasts }) => forecasts)).toMatchObject([
      { conversation: conversationOf(alice), hold: null },
    ]);
  });

  test('a renewed certificate that comes by a receipt is taken in too', async () => {
    const hers = await renewed();
    const receipt = letterOf(hers, me.address, { kind: 'receipt', of: ['x@y'] });
    const before = me.core.commits.length;
    await me.take(await sealedMail(hers, receipt, [me.certificate]));
    expect(me.core.commits.slice(before).flatMap(({ forecasts }) => forecasts)).toHaveLength(1);
  });

  test('a certificate of somebody else, enclosed, is not kept', async () => {
    const other = await generateOwnKey({ address: alice.address, now: Date.now() });
    const how: Sealing = {
      inner: (inner) =>
        inner.replace(
          /keydata=[\s\S]*?\r\n(?=\S)/,
          `keydata=${Buffer.from(other.certificate.bytes).toString('base64')}\r\n`,
        ),
    };
    const { changes } = await me.take(await mail(alice, 'another key enclosed', how));
    expect(messages(changes)).toMatchObject([{ author: peerOf(alice) }]);
    expect(me.core.cells.has(`cert\u0000${other.certificate.fingerprint}`)).toBe(false);
  });

  test("certificates that carry Alice's key, from headers of plain mail, do not hide hers", async () => {
    const hers = alice.key.certificate;
    const headers: string[] = [];
    // As many as are tried at most, all of them before hers in the order of the index.
    while (headers.length < 8) {
      const thief = await createWriter(`thief${headers.length}@example.net`);
      const certificate = await borrowing(thief.key, hers, hers.fingerprint);
      if (certificate.fingerprint > hers.fingerprint) continue;
      const header = autocryptOf({ ...thief, key: { ...thief.key, certificate } }).join(': ');
      headers.push(`From: <${thief.address}>\r\n${header}\r\nMessage-ID: <${thief.address}>\r\n\r\nwords`);
    }
    await me.take(...headers);
    const { changes } = await me.take(await mail(alice, 'no key enclosed', {}, { fields: [CHAT_VERSION] }));
    expect(messages(changes)).toMatchObject([{ author: peerOf(alice) }]);
  });

  test('a copy of my own, from another device and address, says nothing', async () => {
    const { key } = await readSelf(createWork(me.core.context.view), Date.now());
    const self = { address: 'me@elsewhere.example', name: 'Me', key };
    const { changes, settled } = await me.take(await mail(self, WORDS));
    expect(changes).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'consumed' }]);
  });

  test('the older form of header protection is called so', async () => {
    const how: Sealing = { inner: (inner) => inner.replace('; hp="cipher"', '') };
    const { changes } = await me.take(await mail(alice, WORDS, how));
    expect(messages(changes)).toMatchObject([
      {
        evidence: {
          details: expect.arrayContaining([{ name: 'header-protection', value: 'protected-headers' }]),
        },
      },
    ]);
  });

  test('no sender outside and none inside: nobody', async () => {
    const how: Sealing = {
      inner: () => `Content-Type: text/plain\r\n\r\n${WORDS}`,
      outer: (lines) => lines.filter(([name]) => name !== 'From'),
    };
    expectAside(await me.take(await mail(alice, WORDS, how)), 'sender-missing', false);
  });

  test('a signature from the future of my clock and of the server is none', async () => {
    const late = await createTaker('late@example.org', { now: () => Date.now() - 3 * 86_400_000 });
    const bytes = await sealedMail(alice, letterOf(alice, late.address, WORDS), [late.certificate]);
    const { changes, settled } = await late.take(bytes);
    expect(messages(changes)).toEqual([]);
    expect(settled).toMatchObject([{ kind: 'quarantined', why: 'signature-from-the-future' }]);
  });
});

describe('sealed under a password', () => {
  test('by nobody who was invited', async () => {
    const letter = letterOf(mallory, me.address, WORDS);
    const { outer, inner } = protectLetter(letter, {
      hidden: true,
      chatVersion: false,
      now: Date.now(),
      random: 0,
    });
    const armored = await sealWithPassword({
      plaintext: inner,
      password: 'guess',
      from: mallory.key,
      now: Date.now(),
    });
    expectAside(await me.take(wrapEncrypted(outer, armored as Uint8Array)), /^password-/, false);
  });
});

describe('whatever comes', () => {
  /** Changes of structure: lines dropped, doubled, swapped, cut, or filled with something else. */
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('drop' as const), at: fc.nat({ max: 60 }) }),
    fc.record({ kind: fc.constant('double' as const), at: fc.nat({ max: 60 }) }),
    fc.record({ kind: fc.constant('swap' as const), at: fc.nat({ max: 60 }), to: fc.nat({ max: 60 }) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat({ max: 60 }) }),
    fc.record({
      kind: fc.constant('put' as const),
      at: fc.nat({ max: 60 }),
      text: fc.oneof(
        fc.string(),
        fc.constantFrom(
          '',
          ' folded',
          'From: <alice@example.org>',
          'Subject: x',
          '--x',
          'Content-Type: multipart/mixed; boundary=x',
          'Content-Transfer-Encoding: quoted-printable',
          'Message-ID: <x@y>',
          'Autocrypt: addr=a; keydata=AA',
        ),
      ),
    }),
  );
  type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
  const edited = (text: string, edits: readonly Edit[]): string => {
    let lines = text.split('\r\n');
    for (const one of edits) {
      const at = one.at % Math.max(1, lines.length);
      const line = lines[at] ?? '';
      if (one.kind === 'drop') lines.splice(at, 1);
      else if (one.kind === 'double') lines.splice(at, 0, line);
      else if (one.kind === 'put') lines.splice(at, 0, one.text);
      else if (one.kind === 'cut') lines = lines.slice(0, at);
      else {
        const to = one.to % Math.max(1, lines.length);
        lines[at] = lines[to] ?? '';
        lines[to] = line;
      }
    }
    return lines.join('\r\n');
  };
  /** Only the keys that wrote speak, and only in their own conversations. */
  const expectTruth = ({ changes, logged }: Taken): void => {
    expect(logged).toEqual([]);
    for (const change of messages(changes)) {
      if (change.kind !== 'message') continue;
      expect(change.author).toBe(peerOf(alice));
      expect(change.target.conversation).toBe(conversationOf(alice));
      expect(change.evidence).toMatchObject({
        how: 'opened-here',
        from: { proof: 'signature', key: alice.key.certificate.fingerprint },
      });
    }
  };

  test('changed outside, it is shown as it was signed or not at all', async () => {
    const whole = asText(await mail(alice, WORDS));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        const taken = await me.take(asBytes(edited(whole, edits)));
        expectTruth(taken);
        for (const one of messages(taken.changes))
          expect(one.kind === 'message' && one.content.text).toBe(WORDS);
      }),
      { numRuns: 300 },
    );
  });

  test('signed by Alice, whatever she signs: never a fault, never another author', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        expectTruth(await me.take(await mail(alice, WORDS, { inner: (inner) => edited(inner, edits) })));
      }),
      { numRuns: 100 },
    );
  });

  test('any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const { changes, logged } = await me.take(bytes);
        expect(changes).toEqual([]);
        expect(logged).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
