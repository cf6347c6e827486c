import { PublicKey } from '@signalapp/libsignal-client';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ServiceId } from './address.ts';
import type { Work } from '../../shared/lane/state.ts';
import { lowOrderPoints } from '../../shared/test/low-order-points.ts';
import { createWork } from '../../shared/lane/work.ts';
import { refusals, type DeviceBundle, type OpenResult, type SignalEnvelope } from './engine.ts';
import {
  acquainted,
  bytesOf,
  createAccount,
  NOW,
  opened,
  receiveIn,
  refusal,
  textOf,
  type Account,
} from './test/account.ts';
import { createAuthority, createRawParty, freshAci, type RawParty } from './test/raw-party.ts';

// Whoever runs the server, and whoever writes to me, sends what they like: nothing of it is thrown, and nothing of it stays.

const authority = createAuthority();
const types = ['double-ratchet', 'prekey', 'sealed', 'plaintext'] as const;

let account: Account;
let peer: RawParty;
let good: Readonly<Record<'double-ratchet' | 'prekey' | 'sealed' | 'sealed-prekey', SignalEnvelope>>;

beforeAll(async () => {
  account = createAccount([authority]);
  peer = await acquainted(account);
  const certificate = authority.certify({
    service: peer.service,
    device: 1,
    key: peer.identity.publicKey,
  });
  const stranger = createRawParty();
  await stranger.meet(account.aci, account.keys.aci, 1);
  const strange = authority.certify({
    service: stranger.service,
    device: 1,
    key: stranger.identity.publicKey,
  });
  good = {
    'double-ratchet': await peer.write(bytesOf('hello'), account.aci),
    prekey: await stranger.write(bytesOf('hello'), account.aci),
    sealed: await peer.writeSealed(bytesOf('hello'), account.aci, certificate),
    'sealed-prekey': await stranger.writeSealed(bytesOf('hello'), account.aci, strange),
  };
});

/** Receives it and gives what stays of it in a unit of work that is thrown away. */
async function tried(envelope: SignalEnvelope): Promise<{ result: OpenResult; work: Work }> {
  const work = createWork(account.cells.view);
  return { result: await receiveIn(account.engine, envelope, work, NOW), work };
}

function expectRefused({ result, work }: { result: OpenResult; work: Work }): void {
  expect(result.kind).toBe('refused');
  if (result.kind === 'refused') expect(refusals).toContain(result.why);
  expect(work.writes()).toEqual([]);
}

/** Points of low order as Signal writes keys. */
const lowOrder = lowOrderPoints.map((hex) => Uint8Array.from(Buffer.from(`05${hex}`, 'hex')));

const bytes = (maxLength: number) =>
  fc.uint8Array({ minLength: 0, maxLength }).map((some) => Uint8Array.from(some));

describe('hostile envelopes', () => {
  it('open when nothing was done to them', async () => {
    for (const envelope of Object.values(good)) {
      const { result } = await tried(envelope);
      expect(textOf(opened(result).plaintext)).toBe('hello');
    }
  });

  it('of any bytes are refused, but for a plaintext that has the shape of one: it says that nothing is proven, and keeps nothing', async () => {
    const source = fc.constantFrom({ service: peer.service, device: 1 }, { service: freshAci(), device: 7 });
    const content = fc.oneof(
      bytes(400),
      // With a first byte that libsignal reads on from.
      fc
        .tuple(fc.constantFrom(0x33, 0x34, 0x44, 0x45, 0x54, 0x11, 0x22, 0x23, 0xc0), bytes(300))
        .map(([first, rest]) => Uint8Array.of(first, ...rest)),
    );
    const shapely: [(typeof types)[number], { service: ServiceId; device: number }, Uint8Array] = [
      'plaintext',
      { service: peer.service, device: 1 },
      Uint8Array.of(0xc0, 0x80),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), source, content, async (type, from, some) => {
        const envelope = { source: from, destination: account.aci.service, sentAt: 1, serverAt: 2 };
        const { result, work } = await tried({ ...envelope, type, content: some });
        if (type !== 'plaintext' || result.kind === 'refused') return expectRefused({ result, work });
        expect([some[0], from.service]).toEqual([0xc0, peer.service]);
        expect(result).toMatchObject({
          kind: 'opened',
          facts: { endToEnd: { is: false }, authenticated: { is: false } },
        });
        expect(work.writes()).toEqual([]);
      }),
      { numRuns: 1_500, examples: [shapely] },
    );
  });

  it('with times out of this world are refused or opened, never thrown', async () => {
    const time = fc.oneof(
      fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0.5, 2 ** 53, 2 ** 64, Number.MAX_VALUE),
      fc.double(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(good)),
        time,
        time,
        async (envelope, sentAt, serverAt) => {
          const content = Uint8Array.from(envelope.content);
          content.set([(content.at(-1) ?? 0) ^ 1], content.length - 1);
          await tried({ ...envelope, sentAt, serverAt });
          expectRefused(await tried({ ...envelope, content, sentAt, serverAt }));
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each(['double-ratchet', 'prekey', 'sealed', 'sealed-prekey'] as const)(
    'changed in one bit are refused: %s',
    async (kind) => {
      const envelope = good[kind];
      await fc.assert(
        fc.asyncProperty(fc.nat(envelope.content.length * 8 - 1), async (bit) => {
          const content = Uint8Array.from(envelope.content);
          content[bit >> 3] = (content[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          const { result, work } = await tried({ ...envelope, content });
          // A prekey message says outside its MAC which keys it needs and whose it is; then its MAC does not fit.
          if (result.kind === 'opened') expect(textOf(result.plaintext)).toBe('hello');
          else expectRefused({ result, work });
        }),
        { numRuns: 400 },
      );
    },
  );

  it('cut short, lengthened or mixed are refused', async () => {
    const any = fc.constantFrom(...Object.values(good));
    await fc.assert(
      fc.asyncProperty(any, any, fc.nat(), fc.nat(), bytes(40), async (a, b, cutA, cutB, tail) => {
        const head = a.content.subarray(0, cutA % a.content.length);
        const rest = b.content.subarray(cutB % b.content.length);
        for (const content of [
          head,
          Uint8Array.of(...head, ...rest),
          Uint8Array.of(...a.content, ...tail, 1),
        ]) {
          if (content.length === a.content.length) continue;
          const { result, work } = await tried({ ...a, content: Uint8Array.from(content) });
          if (result.kind === 'refused') expect(work.writes()).toEqual([]);
          else expect(textOf(opened(result).plaintext)).toBe('hello');
        }
      }),
      { numRuns: 250 },
    );
  });

  /** Fields of one key each, in the form of protobuf: number and type, length, and the first byte of a key. */
  const fields = {
    base: { in: ['prekey'], starts: [0x12, 33, 5] },
    identity: { in: ['prekey'], starts: [0x1a, 33, 5] },
    ratchet: { in: ['prekey', 'double-ratchet'], starts: [0x0a, 33, 5] },
  } as const;
  const replaced = (content: Uint8Array, starts: readonly number[], value: Uint8Array): Uint8Array => {
    const at = Buffer.from(content).indexOf(Uint8Array.from(starts));
    expect(at).toBeGreaterThan(0);
    const copy = Uint8Array.from(content);
    copy.set(value, at + starts.length - 1);
    return copy;
  };

  it.each(Object.keys(fields) as readonly (keyof typeof fields)[])(
    'AT-17 with a point of low order for the %s key are refused, and nothing stays of them',
    async (name) => {
      const { in: kinds, starts } = fields[name];
      for (const kind of kinds)
        for (const point of [...lowOrder, Uint8Array.of(5, ...new Uint8Array(32).fill(0xff))]) {
          const envelope = good[kind];
          expectRefused(await tried({ ...envelope, content: replaced(envelope.content, starts, point) }));
        }
    },
  );

  it('AT-17 with a Kyber ciphertext that is none are refused, and nothing stays of them', async () => {
    const { content } = good.prekey;
    // Its field, the two bytes of its length, and the byte that says which Kyber it is.
    const starts = [0x42, 0xa1, 0x0c, 8];
    for (const value of [
      Uint8Array.of(7), // another Kyber
      Uint8Array.of(0), // none
      Uint8Array.of(8, ...new Uint8Array(1568)),
      Uint8Array.of(8, ...new Uint8Array(1568).fill(0xff)),
    ])
      expectRefused(await tried({ ...good.prekey, content: replaced(content, starts, value) }));
  });

  it('said to be of another kind are refused', async () => {
    for (const envelope of Object.values(good))
      for (const type of types)
        if (type !== envelope.type)
          expectRefused(await tried({ ...envelope, type, source: { service: peer.service, device: 1 } }));
  });

  it('said to be from somebody else are refused', async () => {
    const other = await acquainted(account, 9);
    for (const envelope of [good['double-ratchet'], good.prekey])
      for (const service of [other.service, freshAci(), account.aci.service]) {
        const { result } = await tried({ ...envelope, source: { service, device: 1 } });
        // A prekey message proves an identity, and no account: it is a stranger's then, or tells of another identity.
        if (result.kind !== 'opened') continue;
        expect(envelope.type).toBe('prekey');
        expect(service).not.toBe(account.aci.service);
        if (service === other.service) expect(result.identityWas).not.toBeNull();
      }
  });

  it('of older versions are refused as that', async () => {
    for (const kind of ['double-ratchet', 'prekey'] as const)
      for (const version of [0x00, 0x22, 0x33, 0x34]) {
        const content = Uint8Array.from(good[kind].content);
        content[0] = version;
        const { result } = await tried({ ...good[kind], content });
        expect(result).toEqual({ kind: 'refused', why: 'old-version', retry: null });
      }
    const content = Uint8Array.from(good.prekey.content);
    content[0] = 0x55;
    expect(refusal((await tried({ ...good.prekey, content })).result)).toBe('malformed');
  });

  it('as large as an envelope gets are refused in time', async () => {
    const content = new Uint8Array(2 * 1024 * 1024).fill(0x44);
    for (const type of types)
      expectRefused(
        await tried({
          ...good['double-ratchet'],
          type,
          content,
          source: { service: peer.service, device: 1 },
        }),
      );
  });

  it('in memory that threads share are read all the same', async () => {
    const { content } = good['double-ratchet'];
    const shared = new Uint8Array(new SharedArrayBuffer(content.length));
    shared.set(content);
    expect(refusal((await tried({ ...good['double-ratchet'], content: shared })).result)).toBe('opened');
  });
});

describe('hostile keys', () => {
  async function started(
    change: (bundle: DeviceBundle, of: RawParty) => DeviceBundle,
    key?: Uint8Array,
    service?: string,
  ) {
    const victim = createRawParty();
    const bundle = change(await victim.bundle(), victim);
    const work = createWork(account.cells.view);
    const result = await account.engine.startSession(
      bundle,
      key ?? victim.identity.publicKey.serialize(),
      (service ?? victim.service) as typeof victim.service,
      work,
      NOW,
    );
    if (result.kind === 'refused') expect(work.writes()).toEqual([]);
    return result;
  }
  const flip = (some: Uint8Array, at: number): Uint8Array => {
    const copy = Uint8Array.from(some);
    const index = at % copy.length;
    copy[index] = (copy[index] ?? 0) ^ 1;
    return copy;
  };

  it('begin a session when nothing was done to them', async () => {
    expect((await started((bundle) => bundle)).kind).toBe('started');
  });

  it('not vouched for by the identity are refused', async () => {
    const other = createRawParty();
    const theirs = await other.bundle();
    for (const change of [
      (one: DeviceBundle) => ({ ...one, signedPreKey: theirs.signedPreKey }),
      (one: DeviceBundle) => ({ ...one, pqPreKey: theirs.pqPreKey }),
      (one: DeviceBundle) => ({
        ...one,
        signedPreKey: { ...one.signedPreKey, signature: flip(one.signedPreKey.signature, 7) },
      }),
      (one: DeviceBundle) => ({
        ...one,
        pqPreKey: { ...one.pqPreKey, signature: flip(one.pqPreKey.signature, 7) },
      }),
      (one: DeviceBundle) => ({ ...one, pqPreKey: { ...one.pqPreKey, key: flip(one.pqPreKey.key, 99) } }),
    ])
      expect(await started(change)).toEqual({ kind: 'refused', why: 'bad-signature' });
    const foreign = other.identity.publicKey.serialize();
    expect(await started((bundle) => bundle, foreign)).toEqual({ kind: 'refused', why: 'bad-signature' });
  });

  it('that are none are refused', async () => {
    const none = Uint8Array.of(1, 2, 3);
    for (const change of [
      (one: DeviceBundle) => ({ ...one, signedPreKey: { ...one.signedPreKey, key: none } }),
      (one: DeviceBundle) => ({ ...one, pqPreKey: { ...one.pqPreKey, key: none } }),
      (one: DeviceBundle) => ({ ...one, preKey: { id: 1, key: none } }),
      (one: DeviceBundle) => ({ ...one, device: 0 }),
      (one: DeviceBundle) => ({ ...one, device: 128 }),
      (one: DeviceBundle) => ({ ...one, registrationId: -1 }),
      (one: DeviceBundle) => ({ ...one, registrationId: 2 ** 40 }),
      (one: DeviceBundle) => ({ ...one, signedPreKey: { ...one.signedPreKey, id: 0.5 } }),
    ])
      expect((await started(change)).kind).toBe('refused');
    expect(await started((bundle) => bundle, none)).toEqual({ kind: 'refused', why: 'malformed' });
    for (const service of ['', 'nobody', `${freshAci()}.2`, `PNI:PNI:${freshAci()}`])
      expect(await started((bundle) => bundle, undefined, service)).toEqual({
        kind: 'refused',
        why: 'malformed',
      });
  });

  it('AT-06 without post-quantum keys begin no session', async () => {
    for (const pqPreKey of [undefined, null])
      expect((await started((one) => ({ ...one, pqPreKey: pqPreKey as never }))).kind).toBe('refused');
    // A curve key in its place, signed as it should be, is none either.
    const downgraded = (one: DeviceBundle) => ({ ...one, pqPreKey: one.signedPreKey });
    expect((await started(downgraded)).kind).toBe('refused');
  });

  const signedBy = ({ identity }: RawParty, key: Uint8Array) => ({
    key,
    signature: identity.privateKey.sign(Uint8Array.from(key)),
  });

  it.each(lowOrder.map((point) => ({ point })))(
    'AT-17 of low order begin no session, though their owner signed them: %#',
    async ({ point }) => {
      const signed = (one: DeviceBundle, of: RawParty) => ({
        ...one,
        signedPreKey: { ...one.signedPreKey, ...signedBy(of, point) },
      });
      expect((await started(signed)).kind, 'signed').toBe('refused');
      // Nobody signs these: the server may give out what it likes.
      expect((await started((one) => ({ ...one, preKey: { id: 1, key: point } }))).kind, 'once').toBe(
        'refused',
      );
      expect((await started((one) => one, point)).kind, 'identity').toBe('refused');
    },
  );

  it('AT-17 of Kyber that are none begin no session, though their owner signed them', async () => {
    const { pqPreKey } = await createRawParty().bundle();
    for (const bad of [
      // Coefficients above the modulus; another kind of Kyber; one byte more, one less.
      Uint8Array.from([...pqPreKey.key.subarray(0, 1), ...new Uint8Array(pqPreKey.key.length - 1).fill(255)]),
      Uint8Array.from([pqPreKey.key[0]! + 1, ...pqPreKey.key.subarray(1)]),
      Uint8Array.from([...pqPreKey.key, 0]),
      pqPreKey.key.slice(0, -1),
      new Uint8Array(pqPreKey.key.length),
    ])
      expect(
        (await started((one, of) => ({ ...one, pqPreKey: { id: 1, ...signedBy(of, bad) } }))).kind,
        `${bad.length} bytes from ${bad[0]}`,
      ).toBe('refused');
  });

  it('AT-14 of other networks are no identities and no prekeys', async () => {
    const raw = createRawParty().identity.publicKey.serialize().subarray(1); // as MLS and OpenPGP write X25519
    const xOnly = new Uint8Array(32).fill(2); // as Nostr writes secp256k1
    const fingerprint = new Uint8Array(20).fill(5); // as OpenPGP names a key of version 4
    for (const key of [raw, xOnly, fingerprint])
      expect(await started((bundle) => bundle, key)).toEqual({ kind: 'refused', why: 'malformed' });
    const signedPreKey = (one: DeviceBundle) => ({
      ...one,
      signedPreKey: { ...one.signedPreKey, key: one.signedPreKey.key.subarray(1) },
    });
    expect((await started(signedPreKey)).kind).toBe('refused');
  });

  it('of any bytes are refused without a throw', async () => {
    const made = { id: fc.nat(), key: bytes(40), signature: bytes(70) };
    const bundles = fc.record({
      device: fc.integer(),
      registrationId: fc.integer(),
      signedPreKey: fc.record(made),
      pqPreKey: fc.record(made),
      preKey: fc.option(fc.record({ id: fc.nat(), key: bytes(40) })),
    });
    await fc.assert(
      fc.asyncProperty(bundles, bytes(40), async (bundle, key) => {
        expect((await started(() => bundle, key)).kind).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });

  it('of a phone number’s identity begin a session too', async () => {
    const number = createRawParty({ service: `PNI:${freshAci()}` as typeof peer.service });
    const work = createWork(account.cells.view);
    const key = number.identity.publicKey.serialize();
    const bundle = await number.bundle();
    const result = await account.engine.startSession(bundle, key, number.service, work, NOW);
    expect(result.kind).toBe('started');
    const sealed = await account.engine.seal(
      bytesOf('hi'),
      { service: number.service, device: 1 },
      work,
      NOW,
    );
    expect(await number.read(sealed, account.aci)).toBe('hi');
    expect(await account.engine.safetyNumber(number.service, work)).toBeNull();
  });
});

describe('a safety number', () => {
  it('is the same on both sides, and another for another key', async () => {
    const [alice, bob] = [createAccount(), createAccount()];
    const know = (me: Account, them: Account, key = them.aci.key) => {
      const work = createWork(me.cells.view);
      const cell = { space: 'identity/ACI', key: them.aci.service };
      return work.get(cell).then(() => {
        work.put(cell, PublicKey.deserialize(Uint8Array.from(key)).serialize());
        return me.engine.safetyNumber(them.aci.service, work);
      });
    };
    const number = await know(alice, bob);
    expect(number?.digits).toMatch(/^\d{60}$/);
    expect((await know(bob, alice))?.digits).toBe(number?.digits);
    expect((await know(alice, bob, bob.pni.key))?.digits).not.toBe(number?.digits);
  });
});
