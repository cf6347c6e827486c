import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { guard, type Operation } from './guard.ts';

/** Every request there is, as it may go out; then each with a word more, wherever one could stand. */

type Request = Extract<Operation, { readonly kind: 'request' }>;
type Body = Readonly<Record<string, unknown>>;

const ACI = '9d0652a3-dcc3-4d11-975f-74d61598733f';
const WORD = ' meet me at nine';
const base64 = (length: number): string => randomBytes(length).toString('base64');
const JSON_TYPE = ['content-type', 'application/json'] as const;
const ACCESS = ['unidentified-access-key', base64(16)] as const;

const signed = (): Body => ({ keyId: 1, publicKey: base64(33), signature: base64(64) });
const pqSigned = (): Body => ({ ...signed(), publicKey: base64(1_569) });
/** A request to send again: what goes in a message without a session. */
const errorMessage = Buffer.from([0xc0, 0x42, 4, 16, 7, 24, 1, 0x80, 0]).toString('base64');
/** A sealed sender as it looks from outside: a key, the sender's own key sealed, the rest sealed. */
const sealedSender = Buffer.concat([
  Buffer.from([0x11, 10, 33]),
  randomBytes(33),
  Buffer.from([18, 58]),
  randomBytes(58),
  Buffer.from([26, 100]),
  randomBytes(100),
]).toString('base64');
const part = (type: number, content: string) => ({
  messages: [{ type, destinationDeviceId: 1, destinationRegistrationId: 1, content }],
  timestamp: 1,
  online: false,
  urgent: true,
});
const bodies = {
  keys: {
    preKeys: [{ keyId: 1, publicKey: base64(33) }],
    pqPreKeys: [pqSigned()],
    signedPreKey: signed(),
    pqLastResortPreKey: pqSigned(),
  },
  link: {
    verificationCode: 'code',
    accountAttributes: {
      fetchesMessages: true,
      registrationId: 1,
      name: base64(99),
      capabilities: { spqr: true },
    },
    aciSignedPreKey: signed(),
    aciPqLastResortPreKey: pqSigned(),
    pniSignedPreKey: signed(),
    pniPqLastResortPreKey: pqSigned(),
  },
  check: { identityType: 'ACI', digest: base64(32) },
  challenge: { type: 'captcha', token: 'token', captcha: 'signal-hcaptcha.P1_x' },
  message: part(8, errorMessage),
  sealed: part(6, sealedSender),
} as const;

const request = (
  verb: 'GET' | 'PUT' | 'POST',
  path: string,
  of: {
    readonly channel?: Request['channel'];
    readonly headers?: Request['headers'];
    readonly body?: object;
  } = {},
): Request => ({
  kind: 'request',
  channel: of.channel ?? 'account',
  verb,
  path,
  headers: [...(of.headers ?? []), ...(of.body ? [JSON_TYPE] : [])],
  body: of.body ? Buffer.from(JSON.stringify(of.body)) : null,
});

const anonymous = { channel: 'anonymous', headers: [ACCESS] } as const;
const good: readonly Request[] = [
  request('GET', '/v1/keepalive'),
  request('GET', '/v2/keys?identity=aci'),
  request('PUT', '/v2/keys?identity=pni', { body: bodies.keys }),
  request('POST', '/v2/keys/check', { body: bodies.check }),
  request('GET', `/v2/keys/PNI:${ACI}/*`),
  request('GET', `/v2/keys/${ACI}/12`, anonymous),
  request('GET', '/v1/certificate/delivery?includeE164=false'),
  request('GET', `/v1/profile/${ACI}/${'a'.repeat(64)}`, anonymous),
  request('PUT', '/v1/challenge', { body: bodies.challenge }),
  request('PUT', '/v1/devices/link', {
    channel: 'anonymous',
    headers: [['authorization', 'Basic YTpi']],
    body: bodies.link,
  }),
  request('PUT', `/v1/messages/${ACI}?story=false`, { body: bodies.message }),
  request('PUT', `/v1/messages/${ACI}?story=false`, { ...anonymous, body: bodies.sealed }),
];

/** A body with one member more, for each object in it. */
function withMember(value: unknown): readonly unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item, at) => withMember(item).map((changed) => value.with(at, changed)));
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, member]) =>
    withMember(member).map((changed) => ({ ...value, [name]: changed })),
  );
  return [{ ...value, note: WORD }, ...inside];
}

/** A body with a word at the end of one text, for each in it; two texts are the server's and the browser's own. */
function withWord(value: unknown, name = ''): readonly unknown[] {
  if (typeof value === 'string') return ['verificationCode', 'token'].includes(name) ? [] : [value + WORD];
  if (Array.isArray(value))
    return value.flatMap((item, at) => withWord(item).map((changed) => value.with(at, changed)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    withWord(member, key).map((changed) => ({ ...value, [key]: changed })),
  );
}

test('each passes as it is', () => {
  for (const one of good) expect(guard(one), one.path).toBe('pass');
});

test('no word stands behind a path or in a header', () => {
  for (const one of good) {
    for (const more of [WORD, '?text=hello', '&text=hello', '/hello', '\nhello'])
      expect(guard({ ...one, path: one.path + more }), one.path + more).not.toBe('pass');
    for (const at of one.headers.keys()) {
      const [name, value] = one.headers[at] ?? ['', ''];
      expect(guard({ ...one, headers: one.headers.with(at, [name, value + WORD]) }), name).not.toBe('pass');
    }
  }
});

test('no word stands in a body: no member more, and nothing behind a text', () => {
  for (const one of good) {
    if (one.body === null) continue;
    const body: unknown = JSON.parse(Buffer.from(one.body).toString());
    const changes = [...withMember(body), ...withWord(body)];
    expect(changes.length).toBeGreaterThan(2);
    for (const changed of changes) {
      const text = JSON.stringify(changed);
      expect(guard({ ...one, body: Buffer.from(text) }), text.slice(0, 400)).not.toBe('pass');
    }
  }
});

test('no word stands in an address of a content network', () => {
  const bytes = randomBytes(64);
  for (const url of ['https://cdn3.signal.org/upload/x', 'https://cdn3.signal.org/upload/x?token=1']) {
    expect(guard({ kind: 'upload', url, bytes })).toBe('pass');
    expect(guard({ kind: 'upload', url: url + WORD, bytes })).not.toBe('pass');
  }
  const url = 'https://cdn.signal.org/attachments/abc';
  expect(guard({ kind: 'download', url: url + WORD })).not.toBe('pass');
});
