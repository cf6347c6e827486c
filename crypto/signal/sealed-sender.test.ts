import {
  CiphertextMessageType,
  ContentHint,
  DecryptionErrorMessage,
  IdentityKeyPair,
  PlaintextContent,
  ProtocolAddress,
  UnidentifiedSenderMessageContent,
  groupEncrypt,
  SenderKeyDistributionMessage,
  type CiphertextMessage,
  type SenderKeyRecord,
} from '@signalapp/libsignal-client';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import type { ContentHint as Hint, SignalEnvelope, Unsealed } from './engine.ts';
import {
  acquainted,
  bytesOf,
  createAccount,
  NOW,
  opened,
  refusal,
  textOf,
  type Account,
} from './test/account.ts';
import { createAuthority, createRawParty, freshAci, type RawParty } from './test/raw-party.ts';

const [authority, older, foreign] = [createAuthority(), createAuthority(), createAuthority()];
const roots = [authority, older];

const certified = (peer: RawParty, expiresAt?: number, by = authority) =>
  by.certify({
    service: peer.service,
    device: peer.device,
    key: peer.identity.publicKey,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });

async function met(account: Account): Promise<RawParty> {
  const peer = createRawParty();
  await peer.meet(account.aci, account.keys.aci, 0);
  return peer;
}

async function unsealed(account: Account, envelope: SignalEnvelope): Promise<Unsealed> {
  const result = await account.engine.unseal(envelope);
  if ('kind' in result) throw new Error(result.why);
  return result;
}

describe('sealed sender', () => {
  it('comes from whom the certificate names, under either root', async () => {
    const account = createAccount(roots);
    const peer = await met(account);
    for (const [at, by] of roots.entries()) {
      const envelope = await peer.writeSealed(bytesOf('hello'), account.aci, certified(peer, NOW, by), {
        hint: ContentHint.Implicit,
        group: bytesOf('group'),
      });
      expect(await unsealed(account, envelope)).toMatchObject({
        from: { service: peer.service, device: 1 },
        local: 'ACI',
        type: 'prekey',
        sealed: true,
        hint: 'implicit',
        group: bytesOf('group'),
        sentAt: 1_000,
      });
      const result = opened(await account.receive(envelope));
      expect(textOf(result.plaintext)).toBe('hello');
      expect(result.newSession).toBe(at === 0);
      expect(result.details).toContainEqual({ name: 'sealed-sender', value: 'yes' });
    }
  });

  it.each([
    ['default', ContentHint.Default],
    ['resendable', ContentHint.Resendable],
    ['implicit', ContentHint.Implicit],
  ] as const)('has the hint %s', async (hint, number) => {
    const account = createAccount(roots);
    const peer = await met(account);
    const envelope = await peer.writeSealed(bytesOf('a'), account.aci, certified(peer), { hint: number });
    expect(await unsealed(account, envelope)).toMatchObject({ hint, group: null });
  });

  it('AT-61 is refused without a certificate that holds', async () => {
    const account = createAccount(roots);
    const peer = await met(account);
    const cases = [
      certified(peer, NOW, foreign), // forged
      certified(peer, 1_999), // ran out before the server took it in, at 2 000
      authority.certify({ service: randomUUID().toUpperCase(), device: 1, key: peer.identity.publicKey }),
      authority.certify({ service: `PNI:${randomUUID()}`, device: 1, key: peer.identity.publicKey }),
      authority.certify({ service: '+4917', device: 1, key: peer.identity.publicKey }),
    ];
    for (const certificate of cases) {
      const envelope = await peer.writeSealed(bytesOf('hello'), account.aci, certificate);
      expect(refusal(await account.receive(envelope))).toBe('certificate');
    }
    const fine = await peer.writeSealed(bytesOf('hello'), account.aci, certified(peer, 2_000));
    expect(refusal(await account.receive(fine))).toBe('opened');
    const bare = createAccount([]);
    const other = await met(bare);
    const none = await other.writeSealed(bytesOf('hello'), bare.aci, certified(other));
    expect(refusal(await bare.receive(none))).toBe('certificate');
  });

  it('is refused when the session is under another identity than the certificate', async () => {
    const account = createAccount(roots);
    const peer = await acquainted(account);
    const before = new Map(account.cells.all);
    // Whoever holds a certificate under a newer key passes on what the older one sealed.
    const newer = createRawParty({ service: peer.service });
    const inner = await peer.cipher(bytesOf('hello'), account.aci);
    const envelope = await newer.wrap(inner, account.aci, certified(newer));
    expect(await account.receive(envelope)).toEqual({ kind: 'refused', why: 'certificate', retry: null });
    expect([...account.cells.all]).toEqual([...before]);
    const stranger = createRawParty();
    await stranger.meet(account.aci, account.keys.aci, 3);
    const other = createRawParty({ service: stranger.service });
    const first = await stranger.cipher(bytesOf('hello'), account.aci);
    const wrapped = await other.wrap(first, account.aci, certified(other));
    expect(refusal(await account.receive(wrapped))).toBe('certificate');
    expect(await account.engine.identityOf(stranger.service, account.cells.view)).toBeNull();
  });

  it('is refused when another key has wrapped it than its certificate names', async () => {
    const account = createAccount(roots);
    const peer = await met(account);
    const certificate = authority.certify({
      service: peer.service,
      device: peer.device,
      key: IdentityKeyPair.generate().publicKey,
    });
    const envelope = await peer.writeSealed(bytesOf('hello'), account.aci, certificate);
    expect(refusal(await account.receive(envelope))).toBe('decryption');
  });

  it('by this very device is refused, sealed or not; by another of mine it is not', async () => {
    const account = createAccount(roots);
    const me = createRawParty({ service: account.aci.service, device: 2, identity: account.identity });
    const phone = createRawParty({ service: account.aci.service, device: 1, identity: account.identity });
    for (const party of [me, phone]) await party.meet(account.aci, account.keys.aci, party.device);
    expect(
      refusal(await account.receive(await me.writeSealed(bytesOf('a'), account.aci, certified(me)))),
    ).toBe('own-message');
    expect(refusal(await account.receive(await me.write(bytesOf('a'), account.aci)))).toBe('own-message');
    const mine = await phone.writeSealed(bytesOf('a'), account.aci, certified(phone));
    expect(refusal(await account.receive(mine))).toBe('opened');
  });

  it('does not go to a phone number’s identity, and comes from none', async () => {
    const account = createAccount(roots);
    const peer = createRawParty();
    await peer.meet(account.pni, account.keys.pni ?? account.keys.aci, 0);
    const envelope = await peer.writeSealed(bytesOf('hello'), account.pni, certified(peer));
    expect(refusal(await account.receive(envelope))).toBe('wrong-destination');
    const clear = await peer.write(bytesOf('hello'), account.pni, {
      source: { service: account.pni.service, device: 1 },
    });
    expect(refusal(await account.receive(clear))).toBe('malformed');
  });

  it('of a group waits for groups', async () => {
    const account = createAccount(roots);
    const peer = await acquainted(account);
    const message = await senderKeyMessage(peer);
    const envelope = await peer.wrap(message, account.aci, certified(peer), { group: bytesOf('g') });
    expect(await unsealed(account, envelope)).toMatchObject({ type: 'sender-key' });
    expect(await account.receive(envelope)).toEqual({ kind: 'refused', why: 'sender-key', retry: null });
  });

  it('for somebody else does not open', async () => {
    const account = createAccount(roots);
    const other = createAccount(roots);
    const peer = await met(other);
    const envelope = await peer.writeSealed(bytesOf('hello'), other.aci, certified(peer));
    const result = await account.receive({ ...envelope, destination: account.aci.service });
    expect(result).toEqual({ kind: 'refused', why: 'decryption', retry: null });
  });
});

async function senderKeyMessage(peer: RawParty): Promise<CiphertextMessage> {
  const address = ProtocolAddress.new(peer.service, peer.device);
  let record: SenderKeyRecord | null = null;
  const store = {
    saveSenderKey: async (_sender: ProtocolAddress, _id: string, kept: SenderKeyRecord) => {
      record = kept;
    },
    getSenderKey: async () => record,
  };
  const id = randomUUID();
  await SenderKeyDistributionMessage.create(address, id, store);
  return groupEncrypt(address, id, store, bytesOf('to all'));
}

describe('an envelope', () => {
  it.each<[string, (of: Account) => Partial<SignalEnvelope>, string]>([
    ['to somebody else', () => ({ destination: freshAci() }), 'wrong-destination'],
    ['without a source', () => ({ source: null }), 'malformed'],
    ['of a device that cannot be', () => ({ source: { service: freshAci(), device: 0 } }), 'malformed'],
    ['of a device too many', () => ({ source: { service: freshAci(), device: 128 } }), 'malformed'],
    ['of half a device', () => ({ source: { service: freshAci(), device: 1.5 } }), 'malformed'],
    [
      'of a source that would pass for another',
      () => ({ source: { service: `${freshAci()}.1` as ReturnType<typeof freshAci>, device: 1 } }),
      'malformed',
    ],
    ['sealed at no time', () => ({ type: 'sealed', serverAt: Number.NaN }), 'malformed'],
    ['sealed before all time', () => ({ type: 'sealed', serverAt: -1 }), 'malformed'],
    ['sealed in fractions', () => ({ type: 'sealed', serverAt: 0.5 }), 'malformed'],
    ['sealed, of nothing', () => ({ type: 'sealed', content: bytesOf('') }), 'decryption'],
  ])('%s is refused', async (_, change, why) => {
    const account = createAccount(roots);
    const peer = await met(account);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    expect(await account.receive({ ...envelope, ...change(account) })).toEqual({
      kind: 'refused',
      why,
      retry: null,
    });
  });

  it('to a number of an account without one is refused', async () => {
    const account = createAccount(roots);
    const peer = await met(account);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    const found = await unsealed(account, envelope);
    const { createSignalEngine } = await import('./create-engine.ts');
    for (const lacks of [{ pni: null }, { pniIdentityKey: null }]) {
      const engine = createSignalEngine({ ...account.identities, ...lacks });
      expect(await engine.unseal({ ...envelope, destination: account.pni.service })).toEqual({
        kind: 'refused',
        why: 'wrong-destination',
      });
      const work = createWork(account.cells.view);
      expect(refusal(await engine.open({ ...found, local: 'PNI' }, work, NOW))).toBe('wrong-destination');
      expect(await engine.upkeep('PNI', { ec: 0, pq: 0 }, work, NOW)).toBeNull();
    }
  });
});

describe('my two identities', () => {
  it('have sessions, identities and prekeys apart', async () => {
    const account = createAccount(roots);
    const peer = await acquainted(account);
    const before = [...account.cells.all].filter(([name]) => name.includes('/ACI|'));
    const { pni } = account.keys;
    if (pni === null) throw new Error('no number');
    const asNumber = createRawParty({ service: peer.service, identity: peer.identity });
    await asNumber.meet(account.pni, pni, 0);
    const result = opened(await account.receive(await asNumber.write(bytesOf('to the number'), account.pni)));
    expect(result).toMatchObject({ local: 'PNI', newSession: true, identityWas: null });
    expect(result.details).toContainEqual({
      name: 'own-key',
      value: Buffer.from(account.pni.key).toString('hex'),
    });
    // Nothing of the account's identity was touched.
    expect([...account.cells.all].filter(([name]) => name.includes('/ACI|'))).toEqual(before);
    const next = opened(await account.receive(await peer.write(bytesOf('to the account'), account.aci)));
    expect(next).toMatchObject({ local: 'ACI', newSession: false });
    const after = await account.receive(await asNumber.write(bytesOf('again'), account.pni));
    expect(refusal(after)).toBe('opened');
  });

  it('are not taken for each other', async () => {
    const account = createAccount(roots);
    const peer = createRawParty();
    const { pni } = account.keys;
    if (pni === null) throw new Error('no number');
    await peer.meet(account.pni, pni, 0);
    const envelope = await peer.write(bytesOf('to the number'), account.pni);
    // A server that turns a message to my number into one to my account: its keys are not the account's.
    expect(refusal(await account.receive({ ...envelope, destination: account.aci.service }))).toBe(
      'no-prekey',
    );
    opened(await account.receive(envelope));
    const second = await peer.write(bytesOf('2'), account.pni);
    const turned = { ...second, destination: account.aci.service };
    expect(['no-prekey', 'no-session']).toContain(refusal(await account.receive(turned)));
    expect(await account.engine.identityOf(peer.service, account.cells.view)).toBeNull();
  });

  it('tell of somebody whose identity differs between them', async () => {
    const account = createAccount(roots);
    const peer = await acquainted(account);
    const { pni } = account.keys;
    if (pni === null) throw new Error('no number');
    const other = createRawParty({ service: peer.service });
    await other.meet(account.pni, pni, 0);
    const result = opened(await account.receive(await other.write(bytesOf('hello'), account.pni)));
    const hex = (of: RawParty) => Buffer.from(of.identity.publicKey.serialize()).toString('hex');
    expect(result).toMatchObject({ identity: hex(other), identityWas: hex(peer) });
    expect(await account.engine.identityOf(peer.service, account.cells.view)).toBe(hex(peer));
    const again = opened(await account.receive(await other.write(bytesOf('again'), account.pni)));
    expect(again.identityWas).toBeNull();
  });
});

describe('wrapping', () => {
  const hints: readonly (readonly [Hint, number])[] = [
    ['default', 0],
    ['resendable', 1],
    ['implicit', 2],
  ];

  it('is what libsignal makes of it, and again for another attempt', async () => {
    const account = createAccount(roots);
    const { engine, cells } = account;
    const peer = createRawParty();
    const to = { service: peer.service, device: 1 };
    const bundle = await peer.bundle();
    const key = peer.identity.publicKey.serialize();
    const sealed = await cells.run(async (work) => {
      await engine.startSession(bundle, key, peer.service, work, NOW);
      return engine.seal(bytesOf('hi'), to, work, NOW);
    });
    const mine = authority.certify({
      service: account.aci.service,
      device: 2,
      key: account.identity.publicKey,
    });
    const wrapped: string[] = [];
    for (const [hint, number] of hints) {
      const work = createWork(cells.view);
      const bytes = await engine.wrap(sealed, to, mine.serialize(), hint, work);
      expect(work.writes()).toEqual([]);
      wrapped.push(Buffer.from(bytes).toString('hex'));
      const inner = await peer.unwrap(bytes);
      expect(inner.senderCertificate().serialize()).toEqual(mine.serialize());
      expect(inner.contentHint()).toBe(number);
      expect(inner.groupId()).toBeNull();
      expect(inner.contents()).toEqual(sealed.bytes);
      expect(inner.msgType()).toBe(3);
    }
    expect(new Set(wrapped).size).toBe(3);
    const inner = await peer.unwrap(Buffer.from(wrapped[0] ?? '', 'hex'));
    expect(await peer.read({ type: 'prekey', bytes: inner.contents() }, account.aci)).toBe('hi');
  });

  it('encodes as libsignal does, whatever is inside', async () => {
    const account = createAccount(roots);
    const { engine, cells } = account;
    const peer = await acquainted(account);
    const to = { service: peer.service, device: 1 };
    const mine = authority.certify({
      service: account.aci.service,
      device: 2,
      key: account.identity.publicKey,
    });
    const request = PlaintextContent.from(
      DecryptionErrorMessage.forOriginal(
        (await peer.cipher(bytesOf('a'), account.aci)).serialize(),
        CiphertextMessageType.Whisper,
        5,
        1,
      ),
    );
    const work = createWork(cells.view);
    const plain = { type: 'plaintext' as const, bytes: request.serialize() };
    const inner = await peer.unwrap(await engine.wrap(plain, to, mine.serialize(), 'implicit', work));
    const theirs = UnidentifiedSenderMessageContent.new(request.asCiphertextMessage(), mine, 2, null);
    expect(inner.serialize()).toEqual(theirs.serialize());
    const sealed = await engine.seal(bytesOf('b'), to, work, NOW);
    const ratchet = await peer.unwrap(await engine.wrap(sealed, to, mine.serialize(), 'default', work));
    expect(ratchet.msgType()).toBe(2);
  });

  it('needs an identity to wrap for, and a certificate', async () => {
    const account = createAccount(roots);
    const { engine, cells } = account;
    const peer = await acquainted(account);
    const to = { service: peer.service, device: 1 };
    const work = createWork(cells.view);
    const sealed = await engine.seal(bytesOf('b'), to, work, NOW);
    await expect(
      engine.wrap(sealed, { service: freshAci(), device: 1 }, bytesOf(''), 'default', work),
    ).rejects.toMatchObject({ kind: 'not-found' });
    await expect(engine.wrap(sealed, to, bytesOf('none'), 'default', work)).rejects.toMatchObject({
      kind: 'bad-request',
    });
  });
});
