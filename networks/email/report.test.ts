import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDeliveryReport, readBounce } from './bounce.ts';
import { answerText, bodyText, readBodyText } from './chat.ts';
import { addLedger, createLedger } from './ledger.ts';
import { protectLetter, plainLetter, type Letter } from './letter.ts';
import { readMail, textField } from './mail-read.ts';
import { readReceipt } from './mdn.ts';
import { otherOfConversation, otherOfPeer } from './names.ts';
import { formatReaction, readReaction } from './reaction.ts';
import { decodeRecord, readRecord, writeRecord } from './record.ts';
import { countSkipped, noteRival } from './records.ts';
import { sizeWords } from './size.ts';
import { createWork } from '../../shared/lane/work.ts';
import * as v from 'valibot';

const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
  .filter((text) => text.isWellFormed());
const view = { get: async () => null, scan: async () => [] };
const mailOf = async (text: string) => {
  const mail = await readMail(Buffer.from(text));
  if (mail === null) throw new Error('does not read');
  return mail;
};
const report = (type: string, parts: readonly string[]) =>
  `Content-Type: multipart/report; report-type=${type}; boundary=b\r\nIn-Reply-To: <answered@x>\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;

describe('delivery reports', () => {
  const status =
    'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n';
  test('name the returned mail, else the one they answer', async () => {
    const returned = 'Content-Type: message/rfc822\r\n\r\nMessage-ID: <mine@x>\r\n\r\nbody';
    expect(readBounce(await mailOf(report('delivery-status', [status, returned])))).toEqual({
      of: ['mine@x'],
      permanent: true,
    });
    expect(readBounce(await mailOf(report('delivery-status', [status])))).toEqual({
      of: ['answered@x'],
      permanent: true,
    });
    const headers = 'Content-Type: text/rfc822-headers\r\n\r\nSubject: no id\r\n';
    expect(
      readBounce(await mailOf(report('Delivery-Status', [status.replace('failed', 'delayed'), headers]))),
    ).toEqual({ of: ['answered@x'], permanent: false });
  });
  test('without a status are none', async () => {
    expect(readBounce(await mailOf(report('delivery-status', ['\r\ntext'])))).toBeNull();
    expect(readBounce(await mailOf(report('other', [status])))).toBeNull();
    expect(readBounce(await mailOf('Subject: x\r\n\r\nAction: failed'))).toBeNull();
    expect(isDeliveryReport('multipart/report', new Map())).toBe(false);
    const huge = `Content-Type: message/rfc822\r\n\r\nX: ${'y'.repeat(300_000)}\r\n\r\nbody`;
    expect(readBounce(await mailOf(report('delivery-status', [status, huge])))).toEqual({
      of: ['answered@x'],
      permanent: true,
    });
  });
});

describe('read receipts', () => {
  const notification = (text: string) => `Content-Type: message/disposition-notification\r\n\r\n${text}\r\n`;
  const displayed = 'Disposition: manual-action/MDN-sent-automatically; displayed';
  test('name what was shown, each once', async () => {
    const text = `Original-Message-ID: <a@x>\r\nAdditional-Message-IDs: <b@x>\r\n <c@x> <a@x>\r\n${displayed}`;
    expect(readReceipt(await mailOf(report('disposition-notification', [notification(text)])))).toEqual([
      'a@x',
      'b@x',
      'c@x',
    ]);
    const many =
      `Original-Message-ID: ${Array.from({ length: 90 }, (_, at) => `<m${at}@x>`).join(' ')}\r\n`.repeat(5);
    expect(
      readReceipt(await mailOf(report('disposition-notification', [notification(`${many}${displayed}`)])))
        ?.length,
    ).toBeLessThanOrEqual(200);
  });
  test('of other kinds say nothing', async () => {
    expect(
      readReceipt(
        await mailOf(
          report('disposition-notification', [
            notification('Original-Message-ID: <a@x>\r\nDisposition: x; deleted'),
          ]),
        ),
      ),
    ).toEqual([]);
    expect(
      readReceipt(
        await mailOf(report('disposition-notification', [notification('Original-Message-ID: <a@x>')])),
      ),
    ).toEqual([]);
    expect(readReceipt(await mailOf(report('disposition-notification', [])))).toEqual([]);
    expect(readReceipt(await mailOf(report('delivery-status', [])))).toBeNull();
    expect(readReceipt(await mailOf('Content-Type: multipart/report; boundary=b\r\n\r\n--b--'))).toBeNull();
    expect(readReceipt(await mailOf('Content-Type: text/plain\r\n\r\nx'))).toBeNull();
  });
});

describe('reactions', () => {
  test.each([
    ['👍', ['👍']],
    ['👍🏽 ❤️ 👨‍👩‍👧‍👦 🇩🇪 1️⃣', ['👍🏽', '❤️', '👨‍👩‍👧‍👦', '🇩🇪', '1️⃣']],
    ['👍 👍', ['👍']],
    ['', []],
    ['ok 1 # * <b> 👍x', []],
    ['👍'.repeat(40), []],
  ])('%j reads %j', (text, wanted) => expect(readReaction(text)).toEqual(wanted));
  test('come back as they were, and at most twenty', () => {
    expect(readReaction(formatReaction(['😀', '🎉']))).toEqual(['😀', '🎉']);
    const many = Array.from({ length: 40 }, (_, at) => String.fromCodePoint(0x1f600 + at));
    expect(readReaction(many.join(' '))).toHaveLength(20);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readReaction(text)));
  });
});

describe('words of a chat message', () => {
  test.each([
    ['> quoted\n> more\n\nanswer', 'answer', true],
    ['> quoted', '', true],
    ['> a thought', '', true],
    ['>no blank line\nafter', '>no blank line\nafter', false],
    ['text\n-- \nsignature', 'text', false],
    ['\n\ntext\n\n', 'text', false],
  ])('%j', (body, text, quoted) => expect(readBodyText(body, true)).toEqual({ text, quoted }));
  test('of other programs stay as they are', () =>
    expect(readBodyText('> q\r\n\r\na\r\n-- \r\ns\r\n', false)).toEqual({
      text: '> q\n\na\n-- \ns',
      quoted: false,
    }));
  test('of an answer carry the words they answer, and come back without them', () => {
    expect(answerText('one\n\n two \n3\n4\n5\n6', 'hi')).toBe('> one\n> two\n> 3\n> 4\n> 5\n\nhi');
    expect(answerText(' \n', 'hi')).toBe('hi');
    expect(readBodyText(answerText('one\ntwo', '--\nhi'), true)).toEqual({ text: '--\nhi', quoted: true });
  });
  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('--', '-- ', 'a', '---', '', '-', 'b >')), (lines) => {
        const text = lines.join('\n').replace(/^\n+|\n+$/g, '');
        expect(readBodyText(bodyText(text), true).text).toBe(text);
      }),
    );
  });
});

describe('letters', () => {
  const letter: Letter = {
    from: { address: 'a@b.c', name: 'Ä' },
    to: 'd@e.f',
    subject: 'Grüße',
    messageId: 'm@x',
    sentAt: 0,
    fields: [['Chat-Version', '1.0']],
    body: { kind: 'text', text: 'hällo\nworld' },
  };
  const outside = { hidden: true, chatVersion: true, now: 86_400_000 * 10, random: 0.5 };

  test('say inside what the outside shows', async () => {
    const { outer, inner } = protectLetter(letter, outside);
    const read = await readMail(inner);
    expect(read?.text).toBe('hällo\r\nworld');
    expect(textField(read?.fields ?? [], 'subject')).toBe('Grüße');
    expect(outer.map(([name]) => name)).toEqual([
      'From',
      'To',
      'Subject',
      'Date',
      'Message-ID',
      'Chat-Version',
    ]);
    const shown = read?.fields.filter(({ name }) => name === 'hp-outer').map(({ value }) => value);
    expect(shown).toEqual(outer.map(([name, value]) => `${name}: ${value}`));
    expect(outer).toContainEqual(['Date', 'Thu, 08 Jan 1970 00:00:00 +0000']);
    expect(protectLetter(letter, { ...outside, hidden: false, chatVersion: false }).outer).toContainEqual([
      'Date',
      'Thu, 01 Jan 1970 00:00:00 +0000',
    ]);
  });

  test('carry files whatever they are called', async () => {
    await fc.assert(
      fc.asyncProperty(words, fc.uint8Array({ minLength: 1, maxLength: 300 }), async (name, bytes) => {
        const body = { kind: 'files' as const, text: 't', files: [{ name, type: 'x/y; z="', bytes }] };
        const read = await readMail(protectLetter({ ...letter, body }, outside).inner);
        expect(read?.files).toHaveLength(1);
        expect(read?.files[0]?.type).toBe('application/octet-stream');
        expect(Buffer.from(read?.files[0]?.bytes ?? []).equals(Buffer.from(bytes))).toBe(true);
        expect(read?.files[0]?.name).not.toMatch(/[/\\\p{Cc}]/u);
      }),
    );
  });

  test('refuse fields that break out', () => {
    expect(() => plainLetter({ ...letter, fields: [['X', 'a\r\nBcc: b']] })).toThrow(RangeError);
    expect(() => protectLetter({ ...letter, messageId: 'a>\r\nBcc: <b' }, outside)).toThrow(RangeError);
  });

  test('without any structure read as nothing bad', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array(), async (bytes) => void (await readMail(bytes))));
    expect(await readMail(Buffer.from(`X: ${'y'.repeat(300_000)}`))).toBeNull();
    const nested = await mailOf('Content-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nwords');
    expect(nested.files).toMatchObject([{ name: 'mail.eml' }]);
    const dots = await mailOf(
      'Content-Type: application/x; name=".."\r\nContent-Disposition: attachment\r\n\r\nx',
    );
    expect(dots.files).toMatchObject([{ name: 'file' }]);
  });
});

test('names of conversations and peers', () => {
  const fingerprint = 'A'.repeat(40);
  const of = (id: string) => otherOfConversation('acc' as never, id as never);
  expect(of(`acc|email|${fingerprint}`)).toEqual({ kind: 'key', fingerprint });
  expect(of('acc|email|a@b.c')).toEqual({ kind: 'address', address: 'a@b.c' });
  for (const id of [
    'other|email|a@b.c',
    'acc|signal|a@b.c',
    'acc|email|A@b.c',
    'acc|email|',
    `acc|email|${'a'.repeat(40)}`,
  ])
    expect(of(id)).toBeNull();
  expect(otherOfPeer('email|a@b.c' as never)).toEqual({ kind: 'address', address: 'a@b.c' });
  expect(otherOfPeer('signal|a@b.c' as never)).toBeNull();
});

describe('records', () => {
  const key = { space: 's', key: 'k' };
  const schema = v.object({ a: v.number() });
  test('read back, and a damaged one is told', async () => {
    const work = createWork(view);
    expect(await readRecord(work, key, schema)).toBeNull();
    writeRecord(work, key, { a: 1 });
    expect(await readRecord(work, key, schema)).toEqual({ a: 1 });
    writeRecord(work, key, null);
    expect(work.writes()).toEqual([{ key, value: null, expect: 0 }]);
    for (const text of ['{', '{"a":"b"}', ''])
      expect(() => decodeRecord(Buffer.from(text), key, schema)).toThrow(/does not read/);
  });
  test('count and remember rivals within bounds', async () => {
    const work = createWork(view);
    expect(await countSkipped(work)).toBe(1);
    expect(await countSkipped(work)).toBe(2);
    for (let at = 0; at < 32; at++) expect(await noteRival(work, 'a@b.c', `F${at}` as never)).toBe(true);
    expect(await noteRival(work, 'a@b.c', 'F0' as never)).toBe(false);
    // Another is news however many there were; of the oldest nothing is known any more.
    expect(await noteRival(work, 'a@b.c', 'F99' as never)).toBe(true);
    expect(await noteRival(work, 'a@b.c', 'F99' as never)).toBe(false);
    expect(await noteRival(work, 'a@b.c', 'F0' as never)).toBe(true);
  });
  test('a ledger keeps the last forecast of a conversation', () => {
    const [all, one] = [createLedger(), createLedger()];
    const forecast = (conversation: string, hold: null | 'no-key') => ({
      conversation: conversation as never,
      facts: [],
      hold,
    });
    one.forecasts.push(forecast('a', null), forecast('a', 'no-key'), forecast('b', null));
    addLedger(all, one);
    expect(all.forecasts).toEqual([forecast('a', 'no-key'), forecast('b', null)]);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [300_000, '300 kB'],
  [1_500_000, '1.5 MB'],
])('%i bytes are %s', (bytes, text) => expect(sizeWords(bytes)).toBe(text));
