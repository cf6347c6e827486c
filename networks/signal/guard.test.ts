import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { sealAttachment } from '../../crypto/signal/attachment.ts';
import { sealDeviceName } from '../../crypto/signal/device-name.ts';
import { pad } from '../../crypto/signal/padding.ts';
import { retryRequestFor } from '../../crypto/signal/retry-request.ts';
import { acquainted, bytesOf, createAccount, NOW, type Account } from '../../crypto/signal/test/account.ts';
import { createAuthority, createRawParty, type RawParty } from '../../crypto/signal/test/raw-party.ts';
import { encodeContent } from './codec/encode.ts';
import { encodeDeviceName } from './codec/provisioning.ts';
import { guard, type Operation } from './guard.ts';
import { keysBody } from './service/calls.ts';
import { text as textContent } from './test/receiving-world.ts';

type Request = Extract<Operation, { readonly kind: 'request' }>;
type Part = { readonly type: number; readonly bytes: Uint8Array };

const ACI = '9d0652a3-dcc3-4d11-975f-74d61598733f';
const authority = createAuthority();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const say = (words: string): Uint8Array => encodeContent(textContent(words, NOW));
const json = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value));
const JSON_TYPE = ['content-type', 'application/json'] as const;

let account: Account;
let friend: RawParty;
beforeAll(async () => {
  account = createAccount([authority]);
  friend = await acquainted(account);
});

const seal = (content: Uint8Array, to = friend) =>
  account.cells.run((work) =>
    account.engine.seal(content, { service: to.service, device: to.device }, work, NOW),
  );

async function sealFirst(content: Uint8Array) {
  const stranger = createRawParty();
  const bundle = await stranger.bundle();
  await account.cells.run((work) =>
    account.engine.startSession(bundle, stranger.identity.publicKey.serialize(), stranger.service, work, NOW),
  );
  return seal(content, stranger);
}

async function wrap(content: Uint8Array): Promise<Uint8Array> {
  const sealed = await seal(content);
  const { service, device, key } = account.aci;
  const certificate = authority.certify({ service, device, key: account.identity.publicKey }).serialize();
  expect(key).toEqual(account.identity.publicKey.serialize());
  return account.cells.run((work) =>
    account.engine.wrap(
      sealed,
      { service: friend.service, device: friend.device },
      certificate,
      'resendable',
      work,
    ),
  );
}

const messageRequest = (parts: readonly Part[], of: Partial<Request> = {}): Request => ({
  kind: 'request',
  channel: parts.some(({ type }) => type === 6) ? 'anonymous' : 'account',
  verb: 'PUT',
  path: `/v1/messages/${ACI}?story=false`,
  headers: [JSON_TYPE],
  body: json({
    messages: parts.map(({ type, bytes }) => ({
      type,
      destinationDeviceId: 1,
      destinationRegistrationId: 17,
      content: base64(bytes),
    })),
    timestamp: NOW,
    online: false,
    urgent: true,
  }),
  ...of,
});
const get = (path: string, of: Partial<Request> = {}): Request => ({
  kind: 'request',
  channel: 'account',
  verb: 'GET',
  path,
  headers: [],
  body: null,
  ...of,
});

describe('messages', () => {
  test('pass as libsignal seals them, whatever they say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 400, unit: 'binary' }), async (text) => {
        const content = bytesOf(text);
        const ratchet = await seal(content);
        expect(guard(messageRequest([{ type: 1, bytes: ratchet.bytes }]))).toBe('pass');
        expect(guard(messageRequest([{ type: 6, bytes: await wrap(content) }]))).toBe('pass');
      }),
      { numRuns: 150 },
    );
  });

  test('pass as the first of a session', async () => {
    for (let n = 0; n < 20; n += 1) {
      const first = await sealFirst(bytesOf('hello'));
      expect(first.type).toBe('prekey');
      expect(guard(messageRequest([{ type: 3, bytes: first.bytes }]))).toBe('pass');
    }
  });

  test('pass as requests to send again, which name no words', async () => {
    const { bytes } = await seal(bytesOf('hello'));
    const request = retryRequestFor({ type: 'double-ratchet', content: bytes, sentAt: NOW, device: 1 });
    expect(guard(messageRequest([{ type: 8, bytes: request ?? bytes }]))).toBe('pass');
  });

  test('never pass as what a builder would leak that forgot to seal', () => {
    const leaks = fc.tuple(
      fc.constantFrom(1, 3, 6, 8),
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 3_000 }).map(bytesOf),
        fc.string({ maxLength: 500 }).map((text) => say(text)),
        fc.string({ maxLength: 500 }).map((text) => pad(say(text))),
        fc.uint8Array({ maxLength: 500 }),
      ),
      // With a first byte as the right one has.
      fc.constantFrom([], [0x44], [0x11], [0xc0]),
    );
    fc.assert(
      fc.property(leaks, ([type, words, first]) => {
        const bytes = Uint8Array.from([...first, ...words]);
        expect(guard(messageRequest([{ type, bytes }]))).not.toBe('pass');
      }),
      { numRuns: 2_000 },
    );
  });

  test('never pass with words where the ciphertext belongs, padded or not', async () => {
    const key = Uint8Array.from([5, ...randomBytes(32)]);
    const mac = randomBytes(8);
    const field = (number: number, bytes: Uint8Array): number[] => {
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
      return [number * 8 + 2, ...length, ...bytes];
    };
    const ratchet = (...fields: number[][]): Uint8Array =>
      Uint8Array.from([0x44, ...field(1, key), 16, 0, 24, 0, ...fields.flat(), ...mac]);
    const passes = (bytes: Uint8Array) => guard(messageRequest([{ type: 1, bytes }])) === 'pass';
    const cipher = randomBytes(160);
    // The parser reads this form: only what stands in it makes the difference.
    expect(passes(ratchet(field(4, cipher)))).toBe(true);
    const short = say('hi mum');
    const long = say('what nobody but she may ever read '.repeat(9));
    const cyrillic = say('то, что может прочесть только она '.repeat(5));
    for (const content of [short, long, cyrillic]) {
      const padded = pad(content);
      const blocks = Uint8Array.from([...padded, 1]);
      expect(blocks.length % 80).toBe(0);
      expect(passes(ratchet(field(4, blocks)))).toBe(false);
      expect(passes(ratchet(field(4, cipher), field(5, blocks)))).toBe(false);
      expect(passes(ratchet(field(4, cipher), field(15, content)))).toBe(false);
      expect(passes(ratchet(field(4, blocks), field(4, cipher)))).toBe(false);
    }
    // Too short to be told from chance by its letters: the form itself has no room for it.
    expect(passes(ratchet(field(4, bytesOf('meet me at nine.'))))).toBe(false);
    expect(passes(ratchet(field(4, bytesOf('meet me at nine.')), field(4, cipher)))).toBe(false);
    const { bytes } = await seal(short);
    expect(passes(Uint8Array.from([...bytes, ...short]))).toBe(false);
  });

  test('never pass as a request to send again that says more', () => {
    const content = say('hello');
    expect(guard(messageRequest([{ type: 8, bytes: Uint8Array.from([0xc0, ...pad(content)]) }]))).not.toBe(
      'pass',
    );
  });

  test('go over the connection of their kind, and nowhere with a password', async () => {
    const plain = { type: 1, bytes: (await seal(bytesOf('hello'))).bytes };
    const sealed = { type: 6, bytes: await wrap(bytesOf('hello')) };
    const access = ['unidentified-access-key', base64(randomBytes(16))] as const;
    const large = { type: 1, bytes: (await seal(randomBytes(90_000))).bytes };
    expect(guard(messageRequest([large]))).toBe('pass');
    const words = ['unidentified-access-key', 'hello mum'] as const;
    expect(guard(messageRequest([sealed], { headers: [JSON_TYPE, words] }))).not.toBe('pass');
    expect(guard(messageRequest([sealed], { headers: [JSON_TYPE, access] }))).toBe('pass');
    for (const leaking of [
      messageRequest([plain], { channel: 'anonymous' }),
      messageRequest([sealed], { channel: 'account' }),
      messageRequest([sealed, plain]),
      messageRequest([plain], { headers: [JSON_TYPE, access] }),
      messageRequest([sealed], { headers: [JSON_TYPE, ['authorization', 'Basic YTpi']] }),
      messageRequest([plain], { headers: [JSON_TYPE, JSON_TYPE] }),
      messageRequest([plain], { path: `/v1/messages/${ACI}?story=false&text=hello` }),
      messageRequest([plain], { verb: 'POST' }),
      messageRequest([plain], { body: null }),
      messageRequest(Array.from({ length: 10 }, () => large)),
      messageRequest([]),
    ])
      expect(guard(leaking)).not.toBe('pass');
  });
});

describe('requests', () => {
  test('pass as keys go up', () => {
    const { keys } = account;
    const up: Request = get('/v2/keys?identity=aci', {
      verb: 'PUT',
      headers: [JSON_TYPE],
      body: json(keysBody(keys.aci)),
    });
    expect(guard(up)).toBe('pass');
    const secret = { ...keysBody(keys.aci), privateKey: base64(account.identity.privateKey.serialize()) };
    expect(guard({ ...up, body: json(secret) })).not.toBe('pass');
    expect(guard({ ...up, channel: 'anonymous' })).not.toBe('pass');
    expect(guard({ ...up, body: bytesOf('{') })).not.toBe('pass');
  });

  test('pass as keys are compared by their digest, of the account alone', () => {
    const body = { identityType: 'ACI', digest: base64(randomBytes(32)) };
    const check: Request = get('/v2/keys/check', { verb: 'POST', headers: [JSON_TYPE], body: json(body) });
    expect(guard(check)).toBe('pass');
    expect(guard({ ...check, channel: 'anonymous' })).not.toBe('pass');
    expect(guard({ ...check, verb: 'PUT' })).not.toBe('pass');
    for (const other of [
      { ...body, digest: base64(randomBytes(33)) },
      { ...body, identityType: 'PNI' },
      { ...body, key: base64(randomBytes(33)) },
    ])
      expect(guard({ ...check, body: json(other) })).not.toBe('pass');
  });

  test('pass as a device is linked, whose name is sealed', () => {
    const signed = { keyId: 1, publicKey: base64(randomBytes(33)), signature: base64(randomBytes(64)) };
    const pqSigned = { ...signed, publicKey: base64(randomBytes(1_569)) };
    const name = encodeDeviceName(sealDeviceName('Plainseal', account.identity.publicKey.serialize()));
    const linking = (as: string, headers: Request['headers'] = []): Request =>
      get('/v1/devices/link', {
        verb: 'PUT',
        channel: 'anonymous',
        headers: [JSON_TYPE, ['authorization', 'Basic YTpi'], ...headers],
        body: json({
          verificationCode: 'code',
          accountAttributes: {
            fetchesMessages: true,
            registrationId: 1,
            name: as,
            capabilities: { spqr: true },
          },
          aciSignedPreKey: signed,
          aciPqLastResortPreKey: pqSigned,
        }),
      });
    expect(guard(linking(base64(name)))).toBe('pass');
    expect(guard(linking('Plainseal'))).not.toBe('pass');
    expect(guard({ ...linking(base64(name)), channel: 'account' })).not.toBe('pass');
  });

  test('are a closed list', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH'),
        fc.webPath(),
        fc.constantFrom('account' as const, 'anonymous' as const),
        (verb, path, channel) => {
          expect(guard(get(path, { verb, channel }))).not.toBe('pass');
        },
      ),
    );
    for (const path of [
      '/v1/keepalive',
      '/v2/keys?identity=pni',
      `/v2/keys/${ACI}/*`,
      `/v2/keys/PNI:${ACI}/2`,
      '/v1/certificate/delivery?includeE164=false',
    ])
      expect(guard(get(path))).toBe('pass');
    // A certificate that names my number would go to everybody I write to.
    for (const path of [
      '/v1/certificate/delivery',
      '/v1/accounts/whoami',
      `/v2/keys/${ACI}/*?x=y`,
      '/v1/devices',
    ])
      expect(guard(get(path))).not.toBe('pass');
    expect(guard(get('/v1/whoami'))).toEqual({ stop: 'no such request' });
    expect(guard(get('/v1/keepalive', { body: bytesOf('hello') }))).not.toBe('pass');
    expect(guard(get('/v1/keepalive', { headers: [['x-note', 'hello']] }))).not.toBe('pass');
  });

  test('for a profile never say who asks', () => {
    const path = `/v1/profile/${ACI}/${'a'.repeat(64)}`;
    const headers = [['unidentified-access-key', base64(randomBytes(16))]] as const;
    expect(guard(get(path, { channel: 'anonymous', headers }))).toBe('pass');
    expect(guard(get(path, { headers }))).not.toBe('pass');
    expect(guard(get(`/v1/profile/${ACI}/hello`, { channel: 'anonymous' }))).not.toBe('pass');
  });

  test('carry what the browser got, and no other words', () => {
    const answer = (captcha: string): Request =>
      get('/v1/challenge', {
        verb: 'PUT',
        headers: [JSON_TYPE],
        body: json({ type: 'captcha', token: 'token', captcha }),
      });
    expect(guard(answer('signal-hcaptcha.abc.challenge.P1_x'))).toBe('pass');
    for (const words of [
      'hello',
      'signal-hello',
      'signal-hcaptcha.hello mum',
      'signalcaptcha://signal-hcaptcha.abc.challenge.P1_x',
    ])
      expect(guard(answer(words))).not.toBe('pass');
  });
});

describe('files', () => {
  test('go up sealed, and to a content network only', () => {
    const url = 'https://cdn3.signal.org/upload/attachments/abc?token=1';
    for (const text of ['x', 'a long text '.repeat(800), '长文'.repeat(2_000)]) {
      const { sealed } = sealAttachment(bytesOf(text));
      expect(guard({ kind: 'upload', url, bytes: sealed })).toBe('pass');
      expect(guard({ kind: 'upload', url: 'https://elsewhere.example/x', bytes: sealed })).not.toBe('pass');
      const clear = Buffer.alloc(Math.ceil(text.length / 16) * 16 + 48, text);
      expect(guard({ kind: 'upload', url, bytes: clear })).not.toBe('pass');
      expect(guard({ kind: 'upload', url, bytes: Buffer.concat([randomBytes(64), clear]) })).not.toBe('pass');
    }
    expect(guard({ kind: 'upload', url, bytes: randomBytes(33) })).not.toBe('pass');
    expect(guard({ kind: 'upload', url, bytes: randomBytes(1024 * 1024) })).not.toBe('pass');
  });

  test('come from a content network only', () => {
    for (const url of [
      'https://cdn.signal.org/attachments/abc',
      'https://cdn2.signal.org/attachments/a_b-c',
      'https://cdn3-staging.signal.org/attachments/abc',
      'https://localhost:4430/cdn3/attachments/abc',
    ])
      expect(guard({ kind: 'download', url })).toBe('pass');
    for (const url of [
      'http://cdn.signal.org/attachments/abc',
      'https://cdn.signal.org.example/attachments/abc',
      'https://cdn.signal.org@example.org/attachments/abc',
      'https://example.org/attachments/abc',
      'https://cdn.signal.org/attachments/../v1/x',
      'https://cdn.signal.org/attachments/abc?from=me',
      'https://localhost:4430/v1/attachments/abc',
    ])
      expect(guard({ kind: 'download', url })).not.toBe('pass');
  });

  test('are asked room for over my account, by size', () => {
    expect(guard({ kind: 'upload-form', channel: 'account', size: 70_000 })).toBe('pass');
    for (const size of [0, -1, 1.5, 1e9, Number.NaN])
      expect(guard({ kind: 'upload-form', channel: 'account', size })).not.toBe('pass');
    expect(guard({ kind: 'upload-form', channel: 'anonymous', size: 1 })).not.toBe('pass');
  });
});

test('a username goes out as its hash, and does not say who asks', () => {
  const hash = randomBytes(32);
  expect(guard({ kind: 'username', channel: 'anonymous', hash })).toBe('pass');
  expect(guard({ kind: 'username', channel: 'account', hash })).not.toBe('pass');
  for (const clear of ['mara.01', 'mara_who_lives_in_the_old_town.01'.slice(0, 32)])
    expect(guard({ kind: 'username', channel: 'anonymous', hash: bytesOf(clear) })).not.toBe('pass');
});
