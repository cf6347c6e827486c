import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { formatAutocrypt } from '../../../crypto/openpgp/autocrypt.ts';
import type { Certificate, Fingerprint } from '../../../crypto/openpgp/certificate.ts';
import type { OwnKey } from '../../../crypto/openpgp/keys.ts';
import { sealWithPassword } from '../../../crypto/openpgp/password.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { CHAT_VERSION } from '../chat.ts';
import { compose } from '../compose.ts';
import type { HeaderLine } from '../header-field.ts';
import { protectLetter } from '../letter.ts';
import { wrapEncrypted } from '../pgp-mime.ts';
import { createTaker, type Taken, type Taker } from '../test/taker.ts';
import { autocryptOf, createWriter, letterOf, sealedMail, type Writer } from '../test/writer.ts';
import { readSelf } from '../account-record.ts';
import { INVITE_VALID_MS, readJoin, writeJoin, type JoinRecord } from './join-record.ts';
import { protocolData, readProtocolData } from './letters.ts';
import { formatInvite, freshToken, inviteSecret, parseInvite } from './link.ts';
import { createJoinWaiters } from './waiters.ts';

let me: Taker;
let other: Writer;
let mallory: Writer;
let clock: number;
let isFull: boolean;
const AUTH = freshToken();

beforeEach(async () => {
  clock = Date.now();
  isFull = false;
  me = await createTaker('me@example.org', { now: () => clock, hasRoom: () => !isFull });
  other = await createWriter('other@example.org', 'Other');
  mallory = await createWriter('mallory@example.net', 'Mallory');
});

async function putJoin(more: Partial<JoinRecord>): Promise<void> {
  const work = createWork(me.core.context.view);
  await readJoin(work, AUTH);
  writeJoin(work, {
    role: 'inviter',
    state: 'open',
    auth: AUTH,
    fingerprint: me.certificate.fingerprint,
    address: me.address,
    name: 'Me',
    expiresAt: clock + INVITE_VALID_MS,
    ...more,
  });
  await me.core.context.commit({
    work: work.writes(),
    changes: [],
    forecasts: [],
    inbound: [],
    outbound: [],
    enqueue: [],
  });
}
const joinState = async () => (await readJoin(createWork(me.core.context.view), AUTH))?.state;

const fieldsOf = (step: string, more: readonly HeaderLine[]): readonly HeaderLine[] => [
  ['Secure-Join', step],
  ['Secure-Join-Auth', AUTH],
  ...more,
];

/** A step sealed under a password. */
async function passwordMail(
  writer: Writer,
  step: string,
  how: {
    readonly password?: string;
    readonly signedBy?: OwnKey | null;
    readonly fields?: readonly HeaderLine[];
    readonly from?: string;
    readonly messageId?: string;
  } = {},
): Promise<Uint8Array> {
  const { password = inviteSecret(me.certificate.fingerprint, AUTH), signedBy = null } = how;
  const letter = letterOf(writer, me.address, 'Secure-Join', {
    fields: fieldsOf(step, how.fields ?? []),
    ...(how.messageId ? { messageId: how.messageId } : {}),
  });
  const { outer, inner } = protectLetter(letter, { hidden: true, chatVersion: false, now: clock, random: 0 });
  const armored = await sealWithPassword({ plaintext: inner, password, from: signedBy, now: clock });
  const from = how.from;
  const head = from
    ? outer.map((line) => (line[0] === 'From' ? (['From', `<${from}>`] as const) : line))
    : outer;
  return wrapEncrypted(head, armored as Uint8Array);
}

const gossipOf = (address: string, certificate: Certificate): HeaderLine => [
  'Autocrypt-Gossip',
  formatAutocrypt({ address, keydata: certificate.bytes }),
];

/** A step sealed to my key and signed. */
function signedMail(
  writer: Writer,
  step: string,
  how: {
    readonly fields?: readonly HeaderLine[];
    readonly gossip?: Certificate | null;
    readonly auth?: string;
    readonly claimed?: string;
    readonly messageId?: string;
  } = {},
): Promise<Uint8Array> {
  const { gossip = me.certificate, claimed = writer.key.certificate.fingerprint, auth = AUTH } = how;
  const letter = letterOf(writer, me.address, `Secure-Join: ${step}`, {
    fields: [
      CHAT_VERSION,
      autocryptOf(writer),
      ...(gossip ? [gossipOf(me.address, gossip)] : []),
      ['Secure-Join', step],
      ['Secure-Join-Auth', auth],
      ['Secure-Join-Fingerprint', claimed],
      ...(how.fields ?? []),
    ],
    ...(how.messageId ? { messageId: how.messageId } : {}),
  });
  return sealedMail(writer, letter, [me.certificate]);
}

const checks = (changes: readonly Change[]) =>
  changes.filter((change) => change.kind === 'identity' && change.trust.kind === 'checked');
/** The mail was taken in or set aside without any effect. */
function expectNothing({ changes, enqueued, logged }: Taken): void {
  expect(changes.filter(({ kind }) => kind !== 'peer')).toEqual([]);
  expect(enqueued).toEqual([]);
  expect(logged).toEqual([]);
  expect(me.joined).toEqual([]);
}
/** What a message of theirs changes. */
const writes = async (from: Writer) =>
  (await me.take(await sealedMail(from, letterOf(from, me.address, 'hello'), [me.certificate]))).changes;
const ops = ({ enqueued }: Taken) =>
  enqueued.map(({ what }) => (what.kind === 'protocol' ? what.op : what.kind));

describe('as the inviter', () => {
  beforeEach(() => putJoin({}));

  test('answers a request with the key and checks nobody by it', async () => {
    const taken = await me.take(await passwordMail(other, 'vc-request-pubkey'));
    expect(ops(taken)).toEqual(['secure-join/vc-pubkey']);
    expect(taken.changes).toEqual([]);
  });

  test('checks who proves the secret and the key, and confirms', async () => {
    const taken = await me.take(await signedMail(other, 'vc-request-with-auth'));
    expect(ops(taken)).toEqual(['secure-join/vc-contact-confirm']);
    expect(checks(taken.changes)).toMatchObject([{ peer: `email|${other.key.certificate.fingerprint}` }]);
    expect(me.joined).toEqual([AUTH]);
    expect(taken.changes.map(({ kind }) => kind)).toEqual(['peer', 'conversation', 'identity']);
  });

  test('whom I invited needs no room among strangers', async () => {
    isFull = true;
    expect(ops(await me.take(await passwordMail(other, 'vc-request-pubkey')))).toHaveLength(1);
    expect(checks((await me.take(await signedMail(other, 'vc-request-with-auth'))).changes)).toHaveLength(1);
    expect(await writes(other)).toMatchObject([{ kind: 'message' }]);
    expect(await writes(mallory)).toEqual([]);
  });

  test('the same steps again are answered no second time', async () => {
    const request = await passwordMail(other, 'vc-request-pubkey', { messageId: 'r1@x' });
    const proof = await signedMail(other, 'vc-request-with-auth', { messageId: 'p1@x' });
    await me.take(request, proof);
    const again = await me.take(request, proof);
    expect(again.enqueued).toEqual([]);
    expect(again.changes).toEqual([]);
  });

  test.each<[string, () => Promise<Uint8Array>]>([
    ['a secret nobody gave out', () => signedMail(other, 'vc-request-with-auth', { auth: freshToken() })],
    [
      'another fingerprint than the signer’s',
      () => signedMail(mallory, 'vc-request-with-auth', { claimed: other.key.certificate.fingerprint }),
    ],
    ['no fingerprint', () => signedMail(other, 'vc-request-with-auth', { claimed: '' })],
    [
      'no gossip of my key: it may be meant for another',
      () => signedMail(other, 'vc-request-with-auth', { gossip: null }),
    ],
    [
      'gossip of another key under my address',
      () => signedMail(other, 'vc-request-with-auth', { gossip: other.key.certificate }),
    ],
    ['a step only a joiner may take', () => signedMail(other, 'vc-pubkey')],
    ['a confirmation nobody asked for', () => signedMail(other, 'vc-contact-confirm')],
    ['a step of groups', () => signedMail(other, 'vg-request-with-auth')],
    [
      'a request sealed under another password',
      () => passwordMail(other, 'vc-request-pubkey', { password: 'securejoin/x/y' }),
    ],
    [
      'a signed request',
      () => passwordMail(other, 'vc-request-pubkey', { signedBy: other.key, fields: [autocryptOf(other)] }),
    ],
    [
      'a request signed by a key that is not enclosed',
      () => passwordMail(other, 'vc-request-pubkey', { signedBy: other.key }),
    ],
    [
      'a request with another secret inside than it is sealed under',
      async () => passwordMail(other, 'vc-request-pubkey', { fields: [['Secure-Join-Auth', freshToken()]] }),
    ],
    [
      'a proof sealed under the password only',
      () =>
        passwordMail(other, 'vc-request-with-auth', { signedBy: other.key, fields: [autocryptOf(other)] }),
    ],
    [
      'a request from somebody else outside',
      () => passwordMail(other, 'vc-request-pubkey', { from: mallory.address }),
    ],
  ])('%s does nothing', async (_what, make) => {
    expectNothing(await me.take(await make()));
  });

  test('a plain mail with Secure-Join headers does nothing', async () => {
    const text = `From: <${other.address}>\r\nMessage-ID: <plain@x>\r\nSecure-Join: vc-request-with-auth\r\nSecure-Join-Auth: ${AUTH}\r\nSecure-Join-Fingerprint: ${other.key.certificate.fingerprint}\r\n${autocryptOf(other).join(': ')}\r\nContent-Type: multipart/mixed; boundary=x\r\nChat-Version: 1.0\r\n\r\n--x\r\n\r\nSecure-Join: vc-request\r\n--x--\r\n`;
    expectNothing(await me.take(text));
  });

  test('Secure-Join headers outside a sealed mail are not read', async () => {
    const letter = letterOf(other, me.address, 'just a message');
    const bytes = await sealedMail(other, letter, [me.certificate], {
      outer: (lines) => [...lines, ['Secure-Join', 'vc-request-with-auth'], ['Secure-Join-Auth', AUTH]],
    });
    const taken = await me.take(bytes);
    expect(checks(taken.changes)).toEqual([]);
    expect(taken.changes).toContainEqual(
      expect.objectContaining({
        kind: 'message',
        content: expect.objectContaining({ text: 'just a message' }),
      }),
    );
  });

  test('an invitation is over after seven days', async () => {
    clock += INVITE_VALID_MS;
    expectNothing(await me.take(await passwordMail(other, 'vc-request-pubkey')));
    await putJoin({ expiresAt: clock });
    expectNothing(await me.take(await signedMail(other, 'vc-request-with-auth')));
  });
});

describe('as the joiner', () => {
  beforeEach(() =>
    putJoin({
      role: 'joiner',
      fingerprint: other.key.certificate.fingerprint,
      address: other.address,
      name: 'Other',
    }),
  );
  const secret = () => inviteSecret(other.key.certificate.fingerprint, AUTH);
  const answer = (how: Parameters<typeof passwordMail>[2] = {}) =>
    passwordMail(other, 'vc-pubkey', {
      password: secret(),
      signedBy: other.key,
      fields: [autocryptOf(other)],
      ...how,
    });

  test('proves itself to the key in the link, and is done when that confirms', async () => {
    const taken = await me.take(await answer());
    expect(ops(taken)).toEqual(['secure-join/vc-request-with-auth']);
    expect(checks(taken.changes)).toEqual([]);
    expect(await joinState()).toBe('proving');
    const confirmed = await me.take(await signedMail(other, 'vc-contact-confirm'));
    expect(checks(confirmed.changes)).toMatchObject([
      { peer: `email|${other.key.certificate.fingerprint}`, trust: { by: 'secure-join' } },
    ]);
    expect(await joinState()).toBe('done');
    expect(me.joined).toEqual([AUTH]);
    const more = await me.take(
      await answer({ messageId: 'late@x' }),
      await signedMail(other, 'vc-contact-confirm'),
    );
    expect(more.enqueued).toEqual([]);
    expect(checks(more.changes)).toEqual([]);
  });

  test('who invited me needs no room among strangers', async () => {
    isFull = true;
    await me.take(await answer());
    expect(checks((await me.take(await signedMail(other, 'vc-contact-confirm'))).changes)).toHaveLength(1);
    expect(await writes(other)).toMatchObject([{ kind: 'message' }]);
  });

  test.each<[string, () => Promise<Uint8Array>]>([
    ['an unsigned answer', () => answer({ signedBy: null })],
    [
      'an answer signed by another key',
      () => answer({ signedBy: mallory.key, fields: [autocryptOf({ ...mallory, address: other.address })] }),
    ],
    [
      'an answer that encloses another key',
      () => answer({ fields: [autocryptOf({ ...mallory, address: other.address })] }),
    ],
    ['an answer without a key', () => answer({ fields: [] })],
    [
      'an answer with a key for another address',
      () => answer({ fields: [autocryptOf({ ...other, address: 'x@example.org' })] }),
    ],
    ['a confirmation before the proof', () => signedMail(other, 'vc-contact-confirm')],
    ['a request for our key', () => passwordMail(other, 'vc-request-pubkey', { password: secret() })],
    ['a proof by somebody who read the link', () => signedMail(mallory, 'vc-request-with-auth')],
  ])('%s does nothing', async (_what, make) => {
    expectNothing(await me.take(await make()));
    expect(await joinState()).toBe('open');
  });

  test.each<[string, () => Promise<Uint8Array>]>([
    ['of somebody else', () => signedMail(mallory, 'vc-contact-confirm')],
    [
      'that is meant for another key',
      () => signedMail(other, 'vc-contact-confirm', { gossip: mallory.key.certificate }),
    ],
    ['without gossip', () => signedMail(other, 'vc-contact-confirm', { gossip: null })],
  ])('a confirmation %s checks nobody', async (_what, make) => {
    await me.take(await answer());
    const taken = await me.take(await make());
    expect(checks(taken.changes)).toEqual([]);
    expect(await joinState()).toBe('proving');
  });

  test('a confirmation that comes too late checks nobody', async () => {
    await me.take(await answer());
    clock += INVITE_VALID_MS;
    expect(checks((await me.take(await signedMail(other, 'vc-contact-confirm'))).changes)).toEqual([]);
  });

  test('steps that are composed after their invitation is over are not sent', async () => {
    const self = await readSelf(createWork(me.core.context.view), clock);
    const composing = (now: number) => ({
      account: me.core.context.account,
      self,
      work: createWork(me.core.context.view),
      now,
      files: me.core.context.files,
      random: () => 0,
    });
    const intentOf = (op: string, data: Parameters<typeof protocolData>[0]) => ({
      conversation: null,
      sentAt: clock,
      what: { kind: 'protocol' as const, key: 'k@x' as never, op, data: protocolData(data) },
    });
    const request = intentOf('secure-join/vc-request-pubkey', { auth: AUTH });
    const step = (...of: Parameters<typeof intentOf>) => ({ intent: intentOf(...of) });
    expect(await compose(composing(clock), { intent: request })).toMatchObject({
      kind: 'composed',
      artifact: { to: other.address, identity: 'secure-join' },
    });
    expect(await compose(composing(clock + INVITE_VALID_MS), { intent: request })).toEqual({
      kind: 'failed',
      failure: 'not-possible',
    });
    const proof = { auth: AUTH, to: other.address, fingerprint: other.key.certificate.fingerprint };
    expect(await compose(composing(clock), step('secure-join/vc-request-with-auth', proof))).toEqual({
      kind: 'failed',
      failure: 'damaged',
    });
    await me.take(await answer());
    expect(await compose(composing(clock), step('secure-join/vc-request-with-auth', proof))).toMatchObject({
      kind: 'composed',
    });
    expect(await compose(composing(clock), step('secure-join/other', proof))).toEqual({
      kind: 'failed',
      failure: 'damaged',
    });
    expect(await compose(composing(clock), step('secure-join/vc-contact-confirm', { auth: AUTH }))).toEqual({
      kind: 'failed',
      failure: 'damaged',
    });
  });
});

describe('two signatures', () => {
  test('on an answer are one too many', async () => {
    await putJoin({ role: 'joiner', fingerprint: other.key.certificate.fingerprint, address: other.address });
    const { createMessage, encrypt, readPrivateKey } = await import('openpgp');
    const letter = letterOf(other, me.address, 'Secure-Join', {
      fields: fieldsOf('vc-pubkey', [autocryptOf(other)]),
    });
    const { outer, inner } = protectLetter(letter, {
      hidden: true,
      chatVersion: false,
      now: clock,
      random: 0,
    });
    for (const signers of [[other], [other, mallory]]) {
      const armored = await encrypt({
        message: await createMessage({ binary: inner }),
        passwords: [inviteSecret(other.key.certificate.fingerprint, AUTH)],
        signingKeys: await Promise.all(signers.map(({ key }) => readPrivateKey({ binaryKey: key.secret }))),
        config: { s2kIterationCountByte: 96 },
      });
      const bytes = wrapEncrypted(outer, Buffer.from(`${armored.replace(/\r?\n/g, '\r\n').trimEnd()}\r\n`));
      const taken = await me.take(bytes);
      if (signers.length === 1) expect(ops(taken)).toEqual(['secure-join/vc-request-with-auth']);
      else expectNothing(taken);
      await putAgain();
    }
  });

  /** The invitation as it was, and no memory of the mail. */
  async function putAgain(): Promise<void> {
    for (const name of me.core.cells.keys())
      if (name.startsWith('mail') || name.startsWith('join'))
        (me.core.cells as Map<string, unknown>).delete(name);
    await putJoin({ role: 'joiner', fingerprint: other.key.certificate.fingerprint, address: other.address });
  }
});

describe('links', () => {
  const fingerprint = 'A'.repeat(40) as Fingerprint;
  const invite = {
    fingerprint,
    invite: freshToken(),
    auth: freshToken(),
    address: 'a+b@example.org',
    name: 'Ä & B #1',
  };

  test('read back what they say, in either form', () => {
    const link = formatInvite(invite);
    expect(parseInvite(link)).toEqual({ kind: 'invite', invite });
    expect(parseInvite(` ${link}\n`)).toEqual({ kind: 'invite', invite });
    const second = link
      .replace('https://i.delta.chat/#', 'OPENPGP4FPR:')
      .replace(`${fingerprint}&`, `${fingerprint}#`);
    expect(parseInvite(second)).toEqual({ kind: 'invite', invite });
    expect(
      parseInvite(second.replace('#', '%23').toUpperCase().slice(0, 20) + second.slice(20)),
    ).toMatchObject({ kind: 'invite' });
  });

  test.each<[string, string]>([
    ['', 'code-malformed'],
    ['https://example.org/', 'code-of-another-kind'],
    [`https://i.delta.chat/#${'A'.repeat(39)}&v=3`, 'code-of-another-kind'],
    [formatInvite({ ...invite, auth: 'short' }), 'code-malformed'],
    [formatInvite({ ...invite, invite: 'x'.repeat(33) }), 'code-malformed'],
    [formatInvite({ ...invite, address: 'nobody' }), 'code-malformed'],
    [`${formatInvite(invite)}${'x'.repeat(4_000)}`, 'code-malformed'],
    [formatInvite(invite).replace('v=3', 'v=2'), 'not-possible'],
    [formatInvite(invite).replace('v=3&', ''), 'not-possible'],
    [`${formatInvite(invite)}&x=group&g=Group`, 'not-possible'],
    [`${formatInvite(invite)}&b=Channel`, 'not-possible'],
    ['sgnl://linkdevice', 'code-of-another-kind'],
    ['https://signal.me/#p/+1', 'code-of-another-kind'],
    ['nostr:npub1xyz', 'code-of-another-kind'],
  ])('%j is refused', (text, why) => expect(parseInvite(text)).toEqual({ kind: 'failed', why }));

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `https://i.delta.chat/#${fingerprint}&${text}`),
        ),
        (text) => {
          expect(parseInvite(text).kind).toMatch(/invite|failed/);
        },
      ),
    );
  });

  test('a code text, whatever is put in, reads back', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 30 }).filter((name) => name.isWellFormed()),
        (name) => {
          const read = parseInvite(formatInvite({ ...invite, name }));
          expect(read.kind).toBe('invite');
        },
      ),
    );
  });
});

test('data of a step that does not read is none', () => {
  expect(readProtocolData(protocolData({ auth: 'a', to: 'b' }))).toEqual({ auth: 'a', to: 'b' });
  for (const bytes of ['', '{', '[]', '{"auth":1}', '{"auth":"a","more":1}'])
    expect(readProtocolData(Buffer.from(bytes))).toBeNull();
});

describe('waiting for an invitation', () => {
  test('ends with its outcome, with time, with the person, or with the lane', async () => {
    const waiters = createJoinWaiters();
    const never = new AbortController().signal;
    const settled = waiters.wait('a', never);
    waiters.settle('a', 'c' as never, 'F' as never);
    expect(await settled).toEqual({ conversation: 'c', fingerprint: 'F' });
    expect(await waiters.wait('a', never, 1)).toBeNull();
    const stop = new AbortController();
    const aborted = waiters.wait('a', stop.signal);
    stop.abort();
    expect(await aborted).toBeNull();
    expect(await waiters.wait('a', stop.signal)).toBeNull();
    const [first, second] = [waiters.wait('a', never), waiters.wait('a', never)];
    expect(await first).toBeNull();
    const third = waiters.wait('b', never);
    waiters.forget('b');
    expect(await third).toBeNull();
    waiters.close();
    expect(await second).toBeNull();
    waiters.settle('nobody', 'c' as never, 'F' as never);
  });
});
