import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConversationId } from '../../shared/ids.ts';
import { sealWithPassword } from '../../crypto/openpgp/password.ts';
import { emailGuard, guard, isPassed, type Operation, type Passed } from './guard.ts';
import type { HeaderLine } from './header-field.ts';
import { plainLetter, protectLetter, type Letter } from './letter.ts';
import { wrapEncrypted } from './pgp-mime.ts';
import { createSubmission } from './submission.ts';
import { createWriter, letterOf, sealedMail, type Sealing, type Writer } from './test/writer.ts';

const CANARY = 'canary-7f3a';
const FROM = 'me@example.org';
const TO = 'you@example.org';
const conversation = 'account|email|ABCD' as ConversationId;
const never = (): boolean => false;

let me: Writer;
let you: Writer;

beforeAll(async () => {
  me = await createWriter(FROM, `Name ${CANARY}`);
  you = await createWriter(TO);
});

const letter = (more: Partial<Letter> = {}): Letter =>
  letterOf(
    me,
    TO,
    {
      kind: 'files',
      text: CANARY,
      files: [{ name: `${CANARY}.txt`, type: 'text/plain', bytes: Buffer.from(CANARY) }],
    },
    { subject: CANARY, messageId: 'm-1@localhost', ...more },
  );

async function mailOf(how: Sealing = {}, more: Partial<Letter> = {}): Promise<Uint8Array> {
  return sealedMail(me, letter(more), [you.key.certificate], how);
}

const sealed = (bytes: Uint8Array, more: Partial<Operation> = {}): Operation =>
  ({
    kind: 'sealed-mail',
    conversation,
    from: FROM,
    to: [TO],
    messageId: 'm-1@localhost',
    bytes,
    ...more,
  }) as Operation;

const check = (operation: Operation, ever: () => boolean = () => true) => emailGuard.check(operation, ever);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const replaceOuter = (name: string, value: string): Sealing => ({
  outer: (lines) => lines.map((line) => (line[0] === name ? ([name, value] as const) : line)),
});

describe('what is sealed passes', () => {
  test.each([true, false])('to keys, hidden recipients %s', async (hidden) => {
    const bytes = await mailOf({ hidden });
    expect(check(sealed(bytes))).toBe('pass');
    expect(text(bytes)).not.toContain(CANARY);
  });

  test('in the older packet format, for keys without SEIPDv2', async () => {
    const bytes = await sealedMail(me, letter(), [{ ...you.key.certificate, seipd2: false }]);
    expect(check(sealed(bytes))).toBe('pass');
  });

  test('under the secret of an invitation', async () => {
    const { outer, inner } = protectLetter(letter(), {
      hidden: true,
      chatVersion: false,
      now: Date.now(),
      random: 0,
    });
    const armored = await sealWithPassword({ plaintext: inner, password: 'p', from: null, now: Date.now() });
    if (armored === null) throw new Error('not sealed');
    const bytes = wrapEncrypted(outer, armored);
    expect(check(sealed(bytes, { kind: 'secure-join-request' }))).toBe('pass');
    expect(check(sealed(bytes))).toEqual({ stop: 'packet not allowed' });
    expect(check(sealed(await mailOf(), { kind: 'secure-join-request' }))).toEqual({
      stop: 'packet not allowed',
    });
  });
});

describe('five leaking builders are stopped', () => {
  test('the subject stands outside', async () => {
    const bytes = await mailOf(replaceOuter('Subject', CANARY));
    expect(text(bytes)).toContain(CANARY);
    expect(check(sealed(bytes))).toEqual({ stop: 'subject outside' });
  });

  test('the name stands outside', async () => {
    const bytes = await mailOf(replaceOuter('From', `"${CANARY}" <${FROM}>`));
    expect(check(sealed(bytes))).toEqual({ stop: 'name outside' });
  });

  test('the file name stands outside', async () => {
    const bytes = bytesOf(text(await mailOf()).replace('name="encrypted.asc"', `name="${CANARY}.txt"`));
    expect(text(bytes)).toContain(CANARY);
    expect(check(sealed(bytes))).toEqual({ stop: 'not two parts' });
  });

  test('a text part goes along in the clear', async () => {
    const whole = text(await mailOf());
    const boundary = /boundary="([^"]+)"/.exec(whole)?.[1] ?? '';
    const part = `--${boundary}\r\nContent-Type: text/plain\r\n\r\n${CANARY}\r\n`;
    for (const at of [whole.indexOf(`--${boundary}\r\n`), whole.lastIndexOf(`--${boundary}--`)]) {
      const bytes = bytesOf(whole.slice(0, at) + part + whole.slice(at));
      expect(check(sealed(bytes))).toMatchObject({ stop: expect.any(String) });
    }
  });

  test('a resend gives the letter itself', () => {
    expect(check(sealed(plainLetter(letter())))).toMatchObject({ stop: expect.any(String) });
    expect(check(sealed(Buffer.from(CANARY)))).toEqual({ stop: 'does not parse' });
  });
});

describe('what else may not go out', () => {
  test.each<[string, Sealing, string]>([
    ['a recipient list outside', replaceOuter('To', `<${TO}>, <third@example.org>`), 'recipient outside'],
    ['another sender', replaceOuter('From', '<other@example.org>'), 'sender is not the account'],
    ['another Message-ID', replaceOuter('Message-ID', '<other@localhost>'), 'message id'],
    ['a date with a comment', replaceOuter('Date', `Wed, 25 Nov 2026 10:00:00 +0000 (${CANARY})`), 'date'],
    ['words in Chat-Version', replaceOuter('Chat-Version', CANARY), 'chat version'],
    [
      'a field that is not on the list',
      { outer: (lines) => [...lines, ['X-Note', CANARY] as HeaderLine] },
      'field not allowed',
    ],
    ['a second Subject', { outer: (lines) => [...lines, ['Subject', '[...]'] as HeaderLine] }, 'field twice'],
  ])('%s', async (_what, how, stop) => {
    expect(check(sealed(await mailOf(how)))).toEqual({ stop });
  });

  test('two recipients, or none, in the envelope', async () => {
    const bytes = await mailOf();
    for (const to of [[], [TO, 'third@example.org']])
      expect(check(sealed(bytes, { to }))).toEqual({ stop: 'not one recipient' });
  });

  test('visible recipients that are not the envelope', async () => {
    const bytes = await mailOf({ hidden: false });
    expect(check(sealed(bytes, { to: ['third@example.org'] }))).toEqual({ stop: 'recipient outside' });
  });

  test('a mail that is too large', () => {
    expect(check(sealed(new Uint8Array(2 * 1024 * 1024 + 1)))).toEqual({ stop: 'too large' });
  });

  test('an operation nobody has thought of', async () => {
    const operation = { ...sealed(await mailOf()), kind: 'note' } as unknown as Operation;
    expect(check(operation)).toEqual({ stop: 'unknown operation' });
  });

  test.each<[string, (armor: string) => string]>([
    ['an armor header', (armor) => armor.replace('\r\n\r\n', `\r\nComment: ${CANARY}\r\n\r\n`)],
    ['text before the armor', (armor) => `${CANARY}\r\n${armor}`],
    ['text after the armor', (armor) => `${armor}${CANARY}\r\n`],
    ['a checksum that is none', (armor) => armor.replace('-----END', '=AAAA\r\n-----END')],
    [
      'short lines',
      (armor) =>
        armor.replace(
          /\r\n([A-Za-z0-9+/]{76})\r\n/,
          (_, line: string) => `\r\n${line.slice(0, 8)}\r\n${line.slice(8)}\r\n`,
        ),
    ],
    ['nothing in the armor', () => '-----BEGIN PGP MESSAGE-----\r\n\r\n\r\n-----END PGP MESSAGE-----\r\n'],
  ])('%s', async (_what, change) => {
    const bytes = await mailOf({ armored: (armor) => bytesOf(change(text(armor))) });
    expect(check(sealed(bytes))).toEqual({ stop: expect.stringMatching(/armor|not two parts/) });
  });

  test.each<[string, (mail: string) => string, string]>([
    ['a line that ends in another way', (mail) => mail.replace('\r\nSubject', '\nSubject'), 'does not parse'],
    ['no body', (mail) => mail.split('\r\n\r\n', 1).join(), 'does not parse'],
    ['a line that is no field', (mail) => `${CANARY}\r\n${mail}`, 'does not parse'],
    ['a name that is none', (mail) => `X ${CANARY}: x\r\n${mail}`, 'does not parse'],
    [
      'words behind the content type',
      (mail) => mail.replace(/(boundary="[^"]+")/, `$1; x=${CANARY}`),
      'not multipart/encrypted',
    ],
    [
      'another content type',
      (mail) => mail.replace('multipart/encrypted', 'multipart/mixed'),
      'not multipart/encrypted',
    ],
  ])('%s', async (_what, change, stop) => {
    expect(check(sealed(bytesOf(change(text(await mailOf())))))).toEqual({ stop });
  });

  /** As base64 is read: what is no letter of it is passed over. */
  test.each<[string, (armor: string) => string]>([
    ['words for what the armor is', (armor) => armor.replace('BEGIN PGP MESSAGE', 'BEGIN canary-7f3a')],
    ['words for what the armor was', (armor) => armor.replace('END PGP MESSAGE', 'END canary-7f3a')],
    ['signs behind a line', (armor) => armor.replace(/\r\n([A-Za-z0-9+/]{76})\r\n/, '\r\n$1 .;:\r\n')],
    ['signs behind the last line', (armor) => armor.replace(/(\r\n=[A-Za-z0-9+/]{4}\r\n-----END)/, ' .;:$1')],
    [
      'words behind the checksum',
      (armor) => armor.replace(/(\r\n=[A-Za-z0-9+/]{4})(\r\n-----END)/, `$1 ${CANARY}$2`),
    ],
  ])('%s', async (_what, change) => {
    // The older format has a checksum.
    const how: Sealing = {
      armored: (armor) => {
        const changed = change(text(armor));
        expect(changed).not.toBe(text(armor));
        return bytesOf(changed);
      },
    };
    const bytes = await sealedMail(me, letter(), [{ ...you.key.certificate, seipd2: false }], how);
    expect(check(sealed(bytes))).toEqual({ stop: expect.stringMatching(/^armor/) });
  });

  const packet = (tag: number, body: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([0xc0 | tag, 0xff, 0, 0, body.length >> 8, body.length & 255]), body]);
  const armorOf = (binary: Uint8Array): Uint8Array =>
    bytesOf(
      `-----BEGIN PGP MESSAGE-----\r\n\r\n${Buffer.from(binary)
        .toString('base64')
        .replace(/.{76}(?=.)/g, '$&\r\n')}\r\n-----END PGP MESSAGE-----\r\n`,
    );
  const key = packet(1, Buffer.from([6, 0, 25]));
  const body2 = (content: Uint8Array): Buffer =>
    packet(18, Buffer.concat([Buffer.from([2, 7, 2, 7]), content]));
  const clear = Buffer.from(CANARY.repeat(100));

  test.each<[string, Uint8Array, string]>([
    ['a literal packet alone', packet(11, clear), 'packet not allowed'],
    ['a literal packet behind the keys', Buffer.concat([key, packet(11, clear)]), 'packet not allowed'],
    ['a marker packet', Buffer.concat([packet(10, clear), key, body2(clear)]), 'packet not allowed'],
    ['a padding packet', Buffer.concat([key, packet(21, clear), body2(clear)]), 'packet not allowed'],
    ['the body without integrity', Buffer.concat([key, packet(9, clear)]), 'packet not allowed'],
    ['a body without keys', body2(clear), 'no session key'],
    ['keys without a body', key, 'no sealed body'],
    [
      'bytes after the body',
      Buffer.concat([key, body2(clear), Buffer.from(CANARY)]),
      'bytes after the sealed body',
    ],
    [
      'a body of another version',
      Buffer.concat([key, packet(18, Buffer.concat([Buffer.from([3]), clear]))]),
      'body version',
    ],
    [
      'a body with no cipher',
      Buffer.concat([key, packet(18, Buffer.concat([Buffer.from([2, 0, 2, 7]), clear]))]),
      'body version',
    ],
    [
      'a body with no mode',
      Buffer.concat([key, packet(18, Buffer.concat([Buffer.from([2, 7, 9, 7]), clear]))]),
      'body version',
    ],
    ['clear words in the body packet', Buffer.concat([key, body2(clear)]), 'body is not sealed'],
    ['a length that is cut', Buffer.concat([key, Buffer.from([0xd2, 0xff, 0, 0])]), 'packet length'],
    ['a length beyond the end', Buffer.concat([key, Buffer.from([0xd2, 200, 1, 2])]), 'packet length'],
    ['a partial length', Buffer.concat([key, Buffer.from([0xd2, 0xe9]), clear]), 'packet length'],
    ['no length at all', Buffer.from([0xc1]), 'packet length'],
    ['a two-octet length that is cut', Buffer.from([0xc1, 200]), 'packet length'],
    ['the old packet format', Buffer.from([0x84, 1, 6]), 'packet format'],
    ['many session keys', Buffer.concat([key, key, key, key, key, body2(clear)]), 'too many session keys'],
  ])('%s', async (_what, binary, stop) => {
    const bytes = await mailOf({ armored: () => armorOf(binary) });
    expect(check(sealed(bytes))).toEqual({ stop });
  });
});

describe('mail without encryption', () => {
  const plain = (more: Partial<Operation> = {}, letterMore: Partial<Letter> = {}): Operation =>
    ({
      kind: 'plain-mail',
      conversation,
      consented: true,
      from: FROM,
      to: [TO],
      messageId: 'm-1@localhost',
      bytes: plainLetter(letter(letterMore)),
      ...more,
    }) as Operation;

  test('passes where the person opened such a conversation', () => {
    expect(check(plain(), never)).toBe('pass');
    expect(check(plain({}, { body: { kind: 'text', text: 'hello' } }), never)).toBe('pass');
  });

  test('never where it was end to end', () => {
    expect(check(plain(), () => true)).toEqual({ stop: 'conversation was end to end' });
  });

  test('never without consent', () => {
    expect(check(plain({ consented: false }), never)).toEqual({
      stop: 'nobody agreed to send without encryption',
    });
  });

  test('never to somebody else, in another form, or with more fields', () => {
    expect(check(plain({ to: ['third@example.org'] }), never)).toEqual({ stop: 'recipient outside' });
    expect(check(plain({}, { fields: [['Bcc', 'third@example.org']] }), never)).toEqual({
      stop: 'field not allowed',
    });
    const named = text(plainLetter(letter())).replace(/^From: .*$/m, `From: "Me" <${FROM}> ${CANARY}`);
    expect(check(plain({ bytes: bytesOf(named) }), never)).toEqual({ stop: 'sender is not the account' });
    const html = bytesOf(text(plainLetter(letter())).replace('multipart/mixed', 'text/html'));
    expect(check(plain({ bytes: html }), never)).toEqual({ stop: 'content type' });
  });
});

describe('the only way to the socket', () => {
  test('bytes changed after the check do not change what goes out', async () => {
    const bytes = Uint8Array.from(await mailOf());
    const verdict = guard(sealed(bytes), () => true);
    if (verdict.kind !== 'pass') throw new Error(verdict.why);
    bytes.fill(65);
    expect(text(verdict.mail.bytes)).toContain('BEGIN PGP MESSAGE');
    expect(isPassed(verdict.mail)).toBe(true);
  });

  test('the transport takes nothing the guard has not made', async () => {
    const submission = createSubmission({
      server: { host: '127.0.0.1', port: 1, security: 'tls', user: 'address' },
      address: FROM,
      password: 'p',
      ca: null,
      proxy: null,
    });
    const forged: Passed = { from: FROM, to: [TO], bytes: await mailOf() };
    expect(() => submission.send(forged)).toThrow(/guard/);
    expect(() => submission.send({ ...forged })).toThrow(/guard/);
    submission.close();
  });

  test('a stop is a stop', () => {
    expect(guard(sealed(Buffer.from('x')), never)).toEqual({ kind: 'stop', why: 'does not parse' });
  });
});

test('no change of one byte of a sealed mail lets a printable word out', async () => {
  const original = await mailOf();
  const armorStart = text(original).indexOf('-----BEGIN');
  fc.assert(
    fc.property(fc.nat({ max: armorStart - 1 }), fc.integer({ min: 32, max: 126 }), (at, octet) => {
      const bytes = Uint8Array.from(original);
      fc.pre(bytes[at] !== octet);
      bytes[at] = octet;
      const verdict = check(sealed(bytes));
      // The only bytes free to vary are digits of dates and of the boundary, and the case of field names.
      if (verdict === 'pass') expect(String.fromCharCode(octet)).toMatch(/[0-9A-Za-z]/);
    }),
    { numRuns: 2_000 },
  );
});

test('never throws, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(check(sealed(bytes))).toMatchObject({ stop: expect.any(String) });
    }),
  );
});
