import {
  IdentityKeyPair,
  KEMKeyPair,
  KyberPreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
} from '@signalapp/libsignal-client';
import { describe, expect, it } from 'vitest';
import { createSignalEngine } from './create-engine.ts';
import { takeNumberKeys, type NumberKeys } from './number-keys.ts';
import { bytesOf, createAccount, NOW, textOf, type Account } from './test/account.ts';
import { createRawParty, freshPni } from './test/raw-party.ts';
import type { FirstUpload } from './upkeep.ts';

/** What a phone makes for a new number. */
function made(
  of: { readonly signer?: PrivateKey; readonly id?: number } = {},
): NumberKeys & { readonly pair: IdentityKeyPair } {
  const pair = IdentityKeyPair.generate();
  const { signer = pair.privateKey, id = 77 } = of;
  const signed = PrivateKey.generate();
  const pq = KEMKeyPair.generate();
  const publicKey = signed.getPublicKey();
  return {
    pair,
    identityKeyPair: pair.serialize(),
    signedPreKey: SignedPreKeyRecord.new(
      id,
      NOW,
      publicKey,
      signed,
      signer.sign(publicKey.serialize()),
    ).serialize(),
    lastResortKyberPreKey: KyberPreKeyRecord.new(
      id,
      NOW,
      pq,
      signer.sign(pq.getPublicKey().serialize()),
    ).serialize(),
  };
}

const cellsOf = ({ cells }: Account, space: string): number =>
  [...cells.all.values()].filter(([key]) => key.space === space).length;

describe('the keys of a new number', () => {
  it('take the place of those before: people who write to the number are opened under them, more are made', async () => {
    const account = createAccount();
    const keys = made();
    const pniIdentityKey = await account.cells.run((work) => takeNumberKeys(keys, work, NOW));
    expect(Buffer.from(pniIdentityKey)).toEqual(Buffer.from(keys.pair.privateKey.serialize()));
    expect(
      ['prekey/PNI', 'signed-prekey/PNI', 'pq-prekey/PNI'].map((space) => cellsOf(account, space)),
    ).toEqual([0, 1, 1]);
    expect(cellsOf(account, 'prekey/ACI')).toBe(100);

    const pni = freshPni();
    const engine = createSignalEngine({ ...account.identities, pni, pniIdentityKey, pniRegistrationId: 5 });
    // What the server has left is of the number before.
    const upload = await account.cells.run((work) => engine.upkeep('PNI', { ec: 100, pq: 100 }, work, NOW));
    expect([upload?.preKeys.length, upload?.pqPreKeys.length]).toEqual([100, 100]);
    const me = { service: pni, device: 2, registrationId: 5, key: keys.pair.publicKey.serialize() };
    for (const take of [0, null]) {
      const friend = createRawParty();
      await friend.meet(me, upload as FirstUpload, take);
      const unsealed = await engine.unseal(await friend.write(bytesOf('hello'), me));
      if ('kind' in unsealed) throw new Error(unsealed.why);
      const opened = await account.cells.run((work) => engine.open(unsealed, work, NOW));
      if (opened.kind !== 'opened') throw new Error(opened.kind);
      expect(textOf(opened.plaintext)).toBe('hello');
    }
  });

  it.each<[string, () => NumberKeys]>([
    ['signed by somebody else', () => made({ signer: PrivateKey.generate() })],
    [
      'no pair',
      () => {
        const [one, other] = [made(), made()];
        const pair = new IdentityKeyPair(one.pair.publicKey, other.pair.privateKey);
        return { ...one, identityKeyPair: pair.serialize() };
      },
    ],
    ['with an id that is none', () => made({ id: 0x1_00_00_00 })],
    ['no keys at all', () => ({ ...made(), lastResortKyberPreKey: Uint8Array.of(1, 2, 3) })],
  ])('are refused, and nothing is written: %s', async (_, keys) => {
    const account = createAccount();
    const before = new Map(account.cells.all);
    const taken = account.cells.run((work) => takeNumberKeys(keys(), work, NOW));
    await expect(taken).rejects.toMatchObject({ kind: 'bad-request' });
    expect(account.cells.all).toEqual(before);
  });
});
