import { randomBytes, randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { IdentityKeyPair, LibSignalErrorBase, type Net } from '@signalapp/libsignal-client';
import type { ProvisioningConnectionListener } from '@signalapp/libsignal-client/dist/net/Chat.js';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSignalServer, type Linked, type SignalServer } from '../../e2e/peers/signal/child.ts';
import { createProvisioningKeys } from '../../crypto/signal/provisioning.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { readLocalEnvironment } from './environment.ts';
import { MAX_CODES, readScan, showCodes, type CodesEnd, type CodeSource } from './link-codes.ts';
import { ProvisionEnvelopeSchema, ProvisionMessageSchema } from './proto/signal_pb.ts';
import { createNet } from './service/net.ts';

const clock = { now: () => 1_000 };

/** Takes the codes as the page does, telling `each` of every one; gives how it ended. */
async function take(
  codes: ReturnType<typeof showCodes>,
  each: (text: string, n: number) => void = () => undefined,
): Promise<{
  readonly shown: readonly Extract<FlowStep, { kind: 'show-code' }>[];
  readonly ended: CodesEnd;
}> {
  const shown: Extract<FlowStep, { kind: 'show-code' }>[] = [];
  for (;;) {
    const next = await codes.next();
    if (next.done) return { shown, ended: next.value };
    if (next.value.kind !== 'show-code') throw new Error(next.value.kind);
    shown.push(next.value);
    each(next.value.text, shown.length);
  }
}

/** A source of codes whose far end is the test. */
function createSource(on: (listener: ProvisioningConnectionListener, n: number) => void | Promise<void>) {
  const state = { made: 0, open: 0, most: 0 };
  const source: CodeSource = {
    async connectProvisioning(listener) {
      state.made += 1;
      state.open += 1;
      state.most = Math.max(state.most, state.open);
      await on(listener, state.made);
      return {
        disconnect: async () => {
          state.open -= 1;
        },
      } as Awaited<ReturnType<Net.Net['connectProvisioning']>>;
    },
  };
  return { source, state };
}
const ack = { send: () => undefined } as unknown as Parameters<
  ProvisioningConnectionListener['onReceivedAddress']
>[1];

describe('codes', () => {
  test('are shown one after the other, six in all, at most two of them open', async () => {
    const { source, state } = createSource(({ onReceivedAddress }, n) =>
      onReceivedAddress(`address/${n}`, ack),
    );
    const { shown, ended } = await take(showCodes(source, clock, new AbortController().signal, 5));
    expect(ended).toEqual({ failure: 'code-expired' });
    expect(shown).toHaveLength(MAX_CODES);
    expect(new Set(shown.map(({ text }) => text)).size).toBe(MAX_CODES);
    expect(state.most).toBe(2);
    expect(state.open).toBe(0);
  });

  test('name the connection, a key of their own and no capabilities', async () => {
    const { source } = createSource(({ onReceivedAddress }) => onReceivedAddress('a b/c+d', ack));
    const codes = showCodes(source, clock, new AbortController().signal, 60_000);
    const step = (await codes.next()).value as Extract<FlowStep, { kind: 'show-code' }>;
    await codes.return({ failure: 'cancelled' });
    expect(step.expiresAt).toBe(61_000);
    const url = new URL(step.text);
    expect(url.protocol).toBe('sgnl:');
    expect(url.host).toBe('linkdevice');
    expect(url.searchParams.get('uuid')).toBe('a b/c+d');
    expect(Buffer.from(url.searchParams.get('pub_key') ?? '', 'base64')).toHaveLength(33);
    expect(url.searchParams.get('capabilities')).toBe('');
  });

  test('end at once when the person cancels, also while one is being made', async () => {
    const cancel = new AbortController();
    const shownOne = createSource(({ onReceivedAddress }) => onReceivedAddress('a', ack));
    const first = await take(showCodes(shownOne.source, clock, cancel.signal, 60_000), () => cancel.abort());
    expect(first.ended).toEqual({ failure: 'cancelled' });
    expect(shownOne.state.open).toBe(0);
    const later = new AbortController();
    const silent = createSource(() => later.abort());
    const second = await take(showCodes(silent.source, clock, later.signal, 60_000));
    expect(second.ended).toEqual({ failure: 'cancelled' });
    expect(silent.state.open).toBe(0);
  });

  test('fail in words when the server cannot be had, takes no such version, or talks nonsense', async () => {
    const failing = (error: Error) =>
      createSource(() => {
        throw error;
      }).source;
    const run = async (source: CodeSource) =>
      (await take(showCodes(source, clock, new AbortController().signal, 5))).ended;
    expect(await run(failing(new LibSignalErrorBase('x', 'IoError', 'test')))).toEqual({
      failure: 'server-unreachable',
    });
    expect(await run(failing(new LibSignalErrorBase('x', 'AppExpired', 'test')))).toEqual({
      failure: 'app-expired',
    });
    for (const address of ['', 'a'.repeat(201)]) {
      const { source, state } = createSource(({ onReceivedAddress }) => onReceivedAddress(address, ack));
      expect(await run(source)).toEqual({ failure: 'server-unreachable' });
      expect(state.open).toBe(0);
    }
    const cut = createSource(({ onConnectionInterrupted }) => onConnectionInterrupted(null));
    expect(await run(cut.source)).toEqual({ failure: 'server-unreachable' });
  });

  test('are replaced at once when their connection ends; what was scanned in that moment counts', async () => {
    const { source } = createSource((listener, n) => {
      listener.onReceivedAddress(`address/${n}`, ack);
      setImmediate(() => {
        if (n === 3) listener.onReceivedEnvelope(Uint8Array.from([n]), ack);
        listener.onConnectionInterrupted(null);
      });
    });
    const { shown, ended } = await take(showCodes(source, clock, new AbortController().signal, 60_000));
    expect(shown).toHaveLength(3);
    expect(ended).toMatchObject({ scan: { envelope: Uint8Array.from([3]) } });
  });
});

describe('on the mock server', () => {
  let server: SignalServer;
  let net: Net.Net;
  const cancel: AbortController[] = [];
  beforeAll(async () => {
    server = await startSignalServer();
    const environment = readLocalEnvironment(JSON.stringify(server.environment));
    if (environment === null) throw new Error('no environment');
    net = createNet(environment, null);
  });
  afterAll(() => server.stop());
  afterEach(() => {
    for (const one of cancel.splice(0)) one.abort();
  });

  test('a code that was scanned just before the next was shown still works', async () => {
    const phone = await server.account('Mara');
    const stop = new AbortController();
    cancel.push(stop);
    let first = '';
    const linking: Promise<Linked>[] = [];
    const { shown, ended } = await take(showCodes(net, clock, stop.signal, 200), (text, n) => {
      if (n === 1) first = text;
      // The mock hands the oldest open code to the phone: that of the picture it took before.
      if (n === 2) linking.push(server.link(phone, first));
    });
    for (const one of linking) one.catch(() => undefined);
    expect(shown).toHaveLength(2);
    if (!('scan' in ended)) throw new Error(ended.failure);
    expect(readScan(ended.scan)).toMatchObject({ aci: phone.aci, number: phone.number, pni: phone.pni });
  });
});

describe('what a phone sends', () => {
  test('is nothing when it was not sealed for the code, or is damaged', () => {
    const keys = createProvisioningKeys();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (envelope) => {
        expect(readScan({ keys, envelope })).toBeNull();
      }),
    );
  });

  const ENVELOPE = toBinary(
    ProvisionEnvelopeSchema,
    create(ProvisionEnvelopeSchema, { publicKey: Buffer.alloc(33, 5), body: Buffer.alloc(10) }),
  );
  const uuid = (): Uint8Array => Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
  const [aci, pni, other] = [
    IdentityKeyPair.generate(),
    IdentityKeyPair.generate(),
    IdentityKeyPair.generate(),
  ];
  const whole = {
    aciIdentityKeyPublic: aci.publicKey.serialize(),
    aciIdentityKeyPrivate: aci.privateKey.serialize(),
    pniIdentityKeyPublic: pni.publicKey.serialize(),
    pniIdentityKeyPrivate: pni.privateKey.serialize(),
    aciBinary: uuid(),
    pniBinary: uuid(),
    number: '+4915100000000',
    provisioningCode: 'code',
    profileKey: randomBytes(32),
  };
  const read = (slip: Partial<Record<keyof typeof whole, string | Uint8Array | undefined>>) => {
    const message = toBinary(
      ProvisionMessageSchema,
      create(ProvisionMessageSchema, { ...whole, ...slip } as typeof whole),
    );
    return readScan({ keys: { publicKey: new Uint8Array(33), open: () => message }, envelope: ENVELOPE });
  };

  test('is read whole', () => {
    expect(read({})).toMatchObject({ number: whole.number, provisioningCode: 'code' });
  });

  test('may be an account without a number', () => {
    const none = { pniIdentityKeyPublic: undefined, pniIdentityKeyPrivate: undefined, pniBinary: undefined };
    expect(read({ ...none, number: undefined })).toMatchObject({ number: null, pni: null });
  });

  test.each([
    ['a private key of another public one', { aciIdentityKeyPrivate: other.privateKey.serialize() }],
    ['the same for its number', { pniIdentityKeyPublic: other.publicKey.serialize() }],
    ['a key that is none', { aciIdentityKeyPublic: Buffer.alloc(33, 7) }],
    ['no identity', { aciIdentityKeyPrivate: undefined }],
    ['a number without an identity', { pniIdentityKeyPublic: undefined, pniIdentityKeyPrivate: undefined }],
    ['no account', { aciBinary: undefined }],
    ['no code', { provisioningCode: undefined }],
    ['a code without end', { provisioningCode: 'x'.repeat(1_000) }],
    ['no profile key', { profileKey: undefined }],
    ['a number that is none', { number: 'hello' }],
  ])('is nothing with %s', (_, slip) => {
    expect(read(slip)).toBeNull();
  });
});
