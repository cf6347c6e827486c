import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LibSignalErrorBase, type ErrorCode } from '@signalapp/libsignal-client';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import { createAccount, NOW } from '../../../crypto/signal/test/account.ts';
import { createRawParty } from '../../../crypto/signal/test/raw-party.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { endpointsOf } from '../environment.ts';
import { createFakeNet, type Asked, type FakeAnswer } from '../test/fake-chat.ts';
import { createService } from './calls.ts';
import { letterOf, type DeviceMessage } from './letter.ts';
import type { SignalService } from './service.ts';
import { disconnectedBy, troubleOf } from './trouble.ts';

/* Libsignal's own connections, with a server at the other end that says what no mock would. */

const ACI = '9d0652a3-dcc3-4d11-975f-74d61598733f' as ServiceId;
const PROFILE_KEY = randomBytes(32);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const endpoints = endpointsOf({ kind: 'live' });

async function serviceOf(answer: (asked: Asked) => FakeAnswer | null) {
  const fake = createFakeNet(answer);
  const listener = { onConnectionInterrupted: () => undefined };
  const account = await fake.net.connectAuthenticatedChat('me.2', 'password', false, {
    ...listener,
    onIncomingMessage: () => undefined,
    onQueueEmpty: () => undefined,
  });
  const anonymous = await fake.net.connectUnauthenticatedChat(listener);
  let ended = false;
  const service = createService({
    account,
    anonymous: async () => anonymous,
    endpoints,
    ended: () => ended,
  });
  const end = (): void => {
    ended = true;
    fake.far.account.cut();
  };
  return { ...fake, service, end };
}

const account = createAccount();
const friend = createRawParty();
await account.cells.run(async (work) =>
  account.engine.startSession(
    await friend.bundle(),
    friend.identity.publicKey.serialize(),
    friend.service,
    work,
    NOW,
  ),
);
const sealed = await account.cells.run((work) =>
  account.engine.seal(Buffer.from('hello'), { service: friend.service, device: 1 }, work, NOW),
);
const part: DeviceMessage = { device: 1, ...sealed };
const message = { to: ACI, sentAt: NOW, parts: [part], accessKey: null, online: false, urgent: true };

type Answering = { readonly kind: string };

/** A call and all that it may say, as its type has it: one that learns another answer does not compile here until it is named. */
const saying = <A extends Answering>(
  name: keyof SignalService,
  kinds: Readonly<Record<A['kind'], true>>,
  call: (service: SignalService) => Promise<A>,
) => ({ name, kinds: Object.keys(kinds), call });

const troubles = { offline: true, 'rate-limited': true, unlinked: true, expired: true } as const;

/** Every call of the service that reads an answer in words. */
const calls = [
  saying('bundles', { ...troubles, bundles: true, unregistered: true, unusable: true }, (service) =>
    service.bundles(ACI, '*'),
  ),
  saying(
    'send',
    {
      ...troubles,
      sent: true,
      mismatched: true,
      stale: true,
      unregistered: true,
      unauthorized: true,
      challenge: true,
      'too-large': true,
      refused: true,
      ambiguous: true,
    },
    (service) => service.send(letterOf(message)),
  ),
  saying('senderCertificate', { ...troubles, certificate: true }, (service) => service.senderCertificate()),
  saying('profile', { ...troubles, profile: true, unknown: true }, (service) =>
    service.profile(ACI, PROFILE_KEY),
  ),
  saying('preKeyCounts', { ...troubles, counts: true }, (service) => service.preKeyCounts('PNI')),
  saying('checkKeys', { ...troubles, same: true, other: true, unknown: true }, (service) =>
    service.checkKeys(new Uint8Array(32)),
  ),
  saying('uploadPreKeys', { ...troubles, done: true, refused: true }, (service) =>
    service.uploadPreKeys('ACI', account.keys.aci),
  ),
  saying('answerChallenge', { ...troubles, done: true, refused: true }, (service) =>
    service.answerChallenge('token', 'signal-hcaptcha.x'),
  ),
];

describe('AT-61 a hostile server', () => {
  const words = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(
      '{"devices":[],"identityKey":""}',
      '{"__proto__":{"count":1},"pqCount":1}',
      '{"count":-1,"pqCount":1e99}',
      '{"missingDevices":[0],"extraDevices":[]}',
      '{"missingDevices":[1,2,3]}',
      '{"staleDevices":"1"}',
      '{"token":7,"options":["captcha"]}',
      `{"certificate":"${'A'.repeat(20_000)}"}`,
      `[${'['.repeat(5_000)}`,
    ),
  );
  /** Those that mean something to one call or another are a few of four hundred: drawn evenly, a run meets most of them never. */
  const meant = fc.constantFrom(200, 204, 400, 401, 403, 404, 409, 410, 413, 422, 428, 429, 499, 500, 503);
  const statuses = fc.oneof(meant, fc.integer({ min: 200, max: 599 }));
  test.each(calls)('gets nothing but a known answer out of $name', async ({ kinds, call }) => {
    let next: FakeAnswer = { status: 200 };
    const { service } = await serviceOf(() => next);
    await fc.assert(
      fc.asyncProperty(statuses, words, async (status, body) => {
        next = { status, body };
        const { kind } = await call(service);
        expect(kinds).toContain(kind);
      }),
      { numRuns: 150 },
    );
  });

  test('cannot make us read an answer without end', async () => {
    const { service } = await serviceOf(() => ({
      status: 200,
      body: `{"count":1,"pqCount":1,"x":"${'x'.repeat(3 * 1024 * 1024)}"}`,
    }));
    expect(await service.preKeyCounts('ACI')).toEqual({ kind: 'offline' });
  });

  test('cannot make us wait for a year', async () => {
    const { service } = await serviceOf(() => ({ status: 429, headers: ['Retry-After: 999999999'] }));
    const answer = await service.preKeyCounts('ACI');
    expect(answer).toEqual({ kind: 'rate-limited', retryAfterMs: 7 * 24 * 60 * 60 * 1_000 });
    const { service: other } = await serviceOf(() => ({ status: 429, headers: ['Retry-After: -1'] }));
    expect(await other.preKeyCounts('ACI')).toEqual({ kind: 'rate-limited', retryAfterMs: null });
  });
});

describe('sending', () => {
  test.each([
    [200, '{}', { kind: 'sent' }],
    [401, '{}', { kind: 'unauthorized' }],
    [403, '{}', { kind: 'unauthorized' }],
    [404, '{}', { kind: 'unregistered' }],
    [409, '{"missingDevices":[2,3],"extraDevices":[4]}', { kind: 'mismatched', missing: [2, 3], extra: [4] }],
    [409, '{}', { kind: 'refused', status: 409 }],
    [410, '{"staleDevices":[5]}', { kind: 'stale', devices: [5] }],
    [410, '{"staleDevices":[500]}', { kind: 'refused', status: 410 }],
    [413, '', { kind: 'too-large' }],
    [
      428,
      '{"token":"t","options":["captcha","new"]}',
      { kind: 'challenge', token: 't', options: ['captcha', 'new'], retryAfterMs: 7_000 },
    ],
    [428, '', { kind: 'rate-limited', retryAfterMs: 7_000 }],
    [429, '', { kind: 'rate-limited', retryAfterMs: 7_000 }],
    [499, '', { kind: 'expired' }],
    [422, '', { kind: 'refused', status: 422 }],
    [500, '', { kind: 'offline' }],
    [503, '', { kind: 'offline' }],
  ])('%i %s', async (status, body, expected) => {
    const { service } = await serviceOf(() => ({ status, body, headers: ['Retry-After: 7'] }));
    expect(await service.send(letterOf(message))).toEqual(expected);
  });

  test('writes what the server takes, over the connection that fits', async () => {
    const { service, asked } = await serviceOf(() => ({ status: 200 }));
    await service.send(letterOf(message));
    expect(asked[0]).toMatchObject({
      channel: 'account',
      verb: 'PUT',
      path: `/v1/messages/${ACI}?story=false`,
    });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      messages: [
        {
          type: 3,
          destinationDeviceId: 1,
          destinationRegistrationId: sealed.registrationId,
          content: base64(sealed.bytes),
        },
      ],
      timestamp: NOW,
      online: false,
      urgent: true,
    });
    expect(asked[0]?.headers.has('unidentified-access-key')).toBe(false);
  });

  test('is ambiguous when the connection goes before the answer, offline when it was gone before', async () => {
    const came = Promise.withResolvers<void>();
    const fake = await serviceOf(() => {
      came.resolve();
      return null;
    });
    const sending = fake.service.send(letterOf(message));
    await came.promise;
    fake.end();
    expect(await sending).toEqual({ kind: 'ambiguous' });
    expect(await fake.service.send(letterOf(message))).toEqual({ kind: 'offline' });
    expect(fake.asked).toHaveLength(1);
  });

  test('never hands over what is not sealed', () => {
    const leaking = { ...message, parts: [{ ...part, bytes: Buffer.from('hello mum, it is me') }] };
    expect(() => letterOf(leaking)).toThrow(PlainsealError);
    expect(() => letterOf({ ...message, accessKey: randomBytes(16) })).toThrow('guard');
  });

  test('writes what the guard let pass, and nothing that looks like it', async () => {
    const { service, asked } = await serviceOf(() => ({ status: 200 }));
    const letter = letterOf(message);
    const alike = { ...letter, request: { ...letter.request } };
    await expect(service.send(alike)).rejects.toThrow('guard');
    expect(asked).toEqual([]);
    expect(() => Object.assign(letter.request, { path: '/v1/elsewhere' })).toThrow(TypeError);
  });
});

describe('keys', () => {
  test('are read whole, or not at all', async () => {
    const bundle = await friend.bundle();
    const wire = ({ id, key, signature }: { id: number; key: Uint8Array; signature: Uint8Array }) => ({
      keyId: id,
      publicKey: base64(key),
      signature: base64(signature),
    });
    const identityKey = friend.identity.publicKey.serialize();
    const answer = {
      identityKey: base64(identityKey),
      devices: [
        {
          deviceId: 1,
          registrationId: bundle.registrationId,
          signedPreKey: wire(bundle.signedPreKey),
          pqPreKey: wire(bundle.pqPreKey),
          preKey: bundle.preKey && { keyId: bundle.preKey.id, publicKey: base64(bundle.preKey.key) },
        },
      ],
    };
    let body: unknown = answer;
    const { service, asked } = await serviceOf(() => ({ status: 200, body: JSON.stringify(body) }));
    expect(await service.bundles(ACI, '*')).toEqual({
      kind: 'bundles',
      identityKey: Uint8Array.from(identityKey),
      devices: [
        {
          ...bundle,
          signedPreKey: { ...bundle.signedPreKey, key: Uint8Array.from(bundle.signedPreKey.key) },
        },
      ],
    });
    expect(asked[0]?.path).toBe(`/v2/keys/${ACI}/*`);
    // Without a one-time key the last resort serves.
    body = { ...answer, devices: [{ ...answer.devices[0], preKey: null }] };
    expect(await service.bundles(ACI, 1)).toMatchObject({ devices: [{ preKey: null }] });
    for (const slip of [
      { deviceId: 0 },
      { deviceId: 128 },
      { pqPreKey: null },
      { signedPreKey: { ...answer.devices[0]?.signedPreKey, publicKey: 'AA==' } },
    ]) {
      body = { ...answer, devices: [{ ...answer.devices[0], ...slip }] };
      // It did answer: to wait for another answer would be to say that the network is away.
      expect(await service.bundles(ACI, '*')).toEqual({ kind: 'unusable' });
    }
  });

  test.each([
    [200, 'done'],
    [204, 'done'],
    [401, 'unlinked'],
    [403, 'unlinked'],
    [422, 'refused'],
    [400, 'offline'],
    [499, 'expired'],
  ])('going up: %i is %s', async (status, kind) => {
    const { service } = await serviceOf(() => ({ status }));
    expect((await service.uploadPreKeys('PNI', account.keys.aci)).kind).toBe(kind);
  });
});

describe('a profile', () => {
  test('is asked for without saying who asks', async () => {
    const { service, asked } = await serviceOf(() => ({
      status: 200,
      body: JSON.stringify({ name: base64(randomBytes(81)), unidentifiedAccess: base64(randomBytes(32)) }),
    }));
    expect(await service.profile(ACI, PROFILE_KEY)).toMatchObject({
      kind: 'profile',
      identityKey: null,
      unrestrictedUnidentifiedAccess: false,
    });
    expect(asked[0]).toMatchObject({ channel: 'anonymous' });
    expect(asked[0]?.headers.get('unidentified-access-key')).toMatch(/^.{22}==$/);
  });

  test('of nobody is unknown, and so is one that no key fits', async () => {
    const { service, asked } = await serviceOf(() => ({ status: 404 }));
    expect(await service.profile(ACI, PROFILE_KEY)).toEqual({ kind: 'unknown' });
    expect(await service.profile(`PNI:${randomUUID()}` as ServiceId, PROFILE_KEY)).toEqual({
      kind: 'unknown',
    });
    expect(asked).toHaveLength(1);
  });
});

test('what libsignal throws is a known trouble', () => {
  const thrown = (name: keyof typeof ErrorCode, more: Record<string, unknown> = {}) =>
    new LibSignalErrorBase('said', name, 'test', more);
  expect(disconnectedBy(thrown('AppExpired'))).toEqual({ kind: 'expired' });
  expect(disconnectedBy(thrown('DeviceDelinked'))).toEqual({ kind: 'unlinked' });
  expect(disconnectedBy(thrown('ConnectedElsewhere'))).toEqual({ kind: 'elsewhere' });
  expect(disconnectedBy(thrown('PossibleCaptiveNetwork'))).toEqual({ kind: 'captive-portal' });
  for (const other of [thrown('IoError'), thrown('ConnectionInvalidated'), new Error('x'), null, undefined])
    expect(disconnectedBy(other)).toEqual({ kind: 'offline' });
  expect(troubleOf(thrown('RateLimitedError', { retryAfterSecs: 7 }))).toEqual({
    kind: 'rate-limited',
    retryAfterMs: 7_000,
  });
  expect(troubleOf(thrown('RateLimitedError', { retryAfterSecs: -7 }))).toMatchObject({ retryAfterMs: null });
  expect(troubleOf(thrown('IoError'))).toEqual({ kind: 'offline' });
});
