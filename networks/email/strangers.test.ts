import { readPrivateKey } from 'openpgp';
import { describe, expect, test, vi } from 'vitest';
import { addressKey } from '../../crypto/openpgp/keyring.ts';
import { MAX_TEXT_LENGTH } from '../../shared/contract/content.ts';
import { peerId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { CHAT_VERSION } from './chat.ts';
import type { HeaderLine } from './header-field.ts';
import type { Letter, LetterBody } from './letter.ts';
import { plainConversation } from './names.ts';
import { readPlain, writePlain } from './records.ts';
import { createTaker, type Taker } from './test/taker.ts';
import { autocryptOf, createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';
import { MAX_HEADER_KEYS } from './triage.ts';

const mail = (me: Taker, from: Writer, body: LetterBody | string) =>
  sealedMail(from, letterOf(from, me.address, body), [me.certificate]);
const cells = ({ core }: Taker): readonly string[] =>
  [...core.cells.keys()].filter((cell) => !cell.startsWith('cursor'));

test('AT-59 of strangers for whom there is no room nothing is kept: no key, no file, no row', async () => {
  const me = await createTaker('me@example.org', { hasRoom: () => false });
  const before = cells(me);
  const writers = await Promise.all([1, 2, 3].map((at) => createWriter(`s${at}@example.org`)));
  const file = { name: 'a.bin', type: 'application/octet-stream', bytes: new Uint8Array(5_000) };
  const mails = await Promise.all(
    writers.map((from) => mail(me, from, { kind: 'files', text: 'buy', files: [file] })),
  );
  const { settled, changes } = await me.take(...mails);
  expect(settled.map(({ kind }) => kind)).toEqual(['not-kept', 'not-kept', 'not-kept']);
  expect(changes).toEqual([]);
  expect(cells(me)).toEqual(before);
});

test('AT-59 a mail with a file asks for room, of whomever it is; words alone of somebody known do not', async () => {
  const asked: (readonly [string, number])[] = [];
  const me = await createTaker('me@example.org', {
    hasRoom: (...of) => asked.push(of) === 1,
  });
  const writer = await createWriter('writer@example.org');
  await me.take(await mail(me, writer, 'hello'));
  expect((await me.take(await mail(me, writer, 'words alone'))).changes).toHaveLength(1);
  expect(asked).toHaveLength(1);
  const file = { name: 'a.bin', type: 'application/octet-stream', bytes: new Uint8Array(5_000) };
  const { settled } = await me.take(
    await mail(me, writer, { kind: 'files', text: 'see here', files: [file] }),
  );
  expect(settled).toMatchObject([{ kind: 'not-kept', conversation: asked[0]?.[0] }]);
  expect(asked[1]?.[1]).toBeGreaterThanOrEqual(5_000);
});

test('AT-59 words so many that they go along as a file ask for room as well', async () => {
  let isFull = false;
  const me = await createTaker('me@example.org', { hasRoom: () => !isFull });
  const writer = await createWriter('writer@example.org');
  await me.take(await mail(me, writer, 'hello'));
  isFull = true;
  const write = vi.spyOn(me.core.context.files, 'write');
  const { settled } = await me.take(await mail(me, writer, 'x'.repeat(MAX_TEXT_LENGTH + 1)));
  expect(settled).toMatchObject([{ kind: 'not-kept' }]);
  expect(write).not.toHaveBeenCalled();
});

test('AT-59 a plain mail with a file asks for room; words alone do not', async () => {
  let isFull = false;
  const me = await createTaker('me@example.org', { hasRoom: () => !isFull });
  const work = createWork(me.core.context.view);
  await readPlain(work, 'friend@example.com');
  writePlain(work, 'friend@example.com', { consentedAt: 1 });
  await me.core.context.commit({ ...emptyCommit, work: work.writes() });
  const write = vi.spyOn(me.core.context.files, 'write');
  const plain = (id: string, rest: string) =>
    `From: <friend@example.com>\r\nMessage-ID: <${id}@x>\r\n${rest}`;
  const enclosed =
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee here\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--b--\r\n';
  isFull = true;
  const before = cells(me);
  const refused = await me.take(plain('1', enclosed));
  const conversation = plainConversation(me.core.context.account, 'friend@example.com');
  expect(refused.settled).toMatchObject([{ kind: 'not-kept', conversation }]);
  expect(refused.changes).toEqual([]);
  expect(cells(me)).toEqual(before);
  expect(write).not.toHaveBeenCalled();
  expect((await me.take(plain('2', '\r\nwords alone'))).changes).toMatchObject([{ kind: 'message' }]);
  isFull = false;
  expect((await me.take(plain('1', enclosed))).changes).toMatchObject([{ content: { files: [{}] } }]);
});

describe("AT-59 of a stranger's mail that opens no request nothing is kept, as nobody would count it", () => {
  const about = (more: Partial<Letter>) => (me: Taker, from: Writer) =>
    sealedMail(from, letterOf(from, me.address, 'words', more), [me.certificate]);
  const withField =
    (...field: HeaderLine) =>
    (me: Taker, from: Writer) =>
      about({ fields: [CHAT_VERSION, autocryptOf(from), field] })(me, from);
  test.each<[string, (me: Taker, from: Writer) => Promise<Uint8Array>, string]>([
    ['a receipt', about({ body: { kind: 'receipt', of: ['a@b'] } }), 'consumed'],
    ['a reaction', about({ body: { kind: 'text', text: '👍', disposition: 'reaction' } }), 'consumed'],
    ['an edit', withField('Chat-Edit', '<a@b>'), 'consumed'],
    ['a deletion', withField('Chat-Delete', '<a@b>'), 'consumed'],
    ['a step of no invitation', withField('Secure-Join', 'vc-request-with-auth'), 'consumed'],
    ['a step that is none', withField('Secure-Join', 'anything'), 'consumed'],
    ['a mail for more readers', withField('Cc', '<third@example.org>'), 'quarantined'],
  ])('%s', async (_what, make, outcome) => {
    const me = await createTaker();
    const before = cells(me);
    const { settled, changes } = await me.take(await make(me, await createWriter('eve@example.net')));
    expect(settled.map(({ kind }) => kind)).toEqual([outcome]);
    expect(changes).toEqual([]);
    expect(cells(me)).toEqual(before);
  });
});

test('AT-59 of the large half of a message by nobody known nothing is kept', async () => {
  const me = await createTaker();
  const before = cells(me);
  const { settled, changes } = await me.take(
    'From: <eve@example.net>\r\nContent-Type: multipart/encrypted\r\nChat-Is-Post-Message: 1\r\nMessage-ID: <large@x>\r\n\r\nsealed',
  );
  expect(settled).toMatchObject([{ kind: 'quarantined', why: 'post-message' }]);
  expect(changes).toEqual([]);
  expect(cells(me)).toEqual(before);
});

test('AT-59 headers under ever new names fill no keyring: so many keys are taken from them', async () => {
  const me = await createTaker();
  const key = { space: 'count', key: 'header-keys' };
  const value = Buffer.from(String(MAX_HEADER_KEYS - 1));
  await me.core.context.commit({ ...emptyCommit, work: [{ key, value, expect: 0 }] });
  for (const name of ['first', 'second']) {
    const from = await createWriter(`${name}@example.org`);
    const header = autocryptOf(from).join(': ');
    await me.take(`From: <${from.address}>\r\n${header}\r\nMessage-ID: <${name}@x>\r\n\r\nwords`);
  }
  const known = (name: string) => addressKey(createWork(me.core.context.view), `${name}@example.org`);
  expect([await known('first'), await known('second')]).toEqual([expect.anything(), null]);
});

test('AT-59 nor one key under ever new names: an address is counted as a key is', async () => {
  const me = await createTaker();
  const from = await createWriter('first@example.org');
  const under = async (name: string): Promise<unknown> => {
    const address = `${name}@example.org`;
    const header = autocryptOf({ ...from, address }).join(': ');
    await me.take(`From: <${address}>\r\n${header}\r\nMessage-ID: <${name}@x>\r\n\r\nwords`);
    return addressKey(createWork(me.core.context.view), address);
  };
  expect(await under('first')).not.toBeNull();
  expect(await under('second')).not.toBeNull();
  const counted = createWork(me.core.context.view);
  const key = { space: 'count', key: 'header-keys' };
  expect(Buffer.from((await counted.get(key)) ?? []).toString()).toBe('2');
  counted.put(key, Buffer.from(String(MAX_HEADER_KEYS)));
  await me.core.context.commit({ ...emptyCommit, work: counted.writes() });
  expect(await under('third')).toBeNull();
  expect(await under('first')).not.toBeNull();
});

test('AT-59 a key from headers does not grow with each of them', async () => {
  const me = await createTaker();
  const from = await createWriter('grows@example.org');
  const cell = `cert\u0000${from.key.certificate.fingerprint}`;
  const sizes: number[] = [];
  for (const id of [1, 2, 3]) {
    let secret = await readPrivateKey({ binaryKey: Uint8Array.from(from.key.secret) });
    for (let at = 0; at < 30; at++) secret = await secret.addSubkey({ type: 'curve25519' });
    const certificate = { ...from.key.certificate, bytes: secret.toPublic().write() };
    const header = autocryptOf({ ...from, key: { ...from.key, certificate } }).join(': ');
    await me.take(`From: <${from.address}>\r\n${header}\r\nMessage-ID: <${id}@x>\r\n\r\nwords`);
    sizes.push(me.core.cells.get(cell)?.value.length ?? 0);
  }
  const [first = 0, second = 0, third = 0] = sizes;
  expect(first).toBeGreaterThan(0);
  expect([second > first, third]).toEqual([true, second]);
  expect(third).toBeLessThanOrEqual(16 * 1024);
});

test('however many claim the address of somebody known, a key that really is new stops their conversation', async () => {
  const me = await createTaker();
  const known = await createWriter('alice@example.org', 'Alice');
  const stops = async (from: typeof known): Promise<number> => {
    const peer = peerId('email', known.key.certificate.fingerprint);
    const { changes } = await me.take(await mail(me, from, 'hello'));
    return changes.filter((one) => one.kind === 'identity' && one.peer === peer).length;
  };
  await stops(known);
  const rivals = await Promise.all(Array.from({ length: 33 }, () => createWriter('alice@example.org', 'x')));
  for (const rival of rivals) expect(await stops(rival)).toBe(1);
  const [, , last] = rivals.toReversed();
  expect(await stops(last ?? known)).toBe(0);
}, 60_000);
