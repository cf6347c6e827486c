import { Aci, Fingerprint, IdentityKeyPair, PublicKey } from '@signalapp/libsignal-client';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { recognise } from '../../shared/code.ts';
import { createWork } from '../../shared/lane/work.ts';
import { scannable, type SafetyNumber } from './fingerprint.ts';
import { createAccount, type Account } from './test/account.ts';

/** The other side is libsignal alone, as Signal's apps use it: version 2 and 5200 iterations. */
function phone(own: Account['aci'], theirs: Account['aci'], key: Uint8Array, version = 2): Fingerprint {
  const side = (of: Account['aci'], its: Uint8Array): [Uint8Array<ArrayBuffer>, PublicKey] => [
    Uint8Array.from(Aci.parseFromServiceIdString(of.service).getServiceIdBinary()),
    PublicKey.deserialize(Uint8Array.from(its)),
  ];
  return Fingerprint.new(5_200, version, ...side(own, own.key), ...side(theirs, key));
}
const codeOf = (of: Fingerprint): Uint8Array<ArrayBuffer> => of.scannableFingerprint().toBuffer();

describe('a safety number', () => {
  const [me, bob] = [createAccount().aci, createAccount().aci];
  const account = createAccount();
  let mine: SafetyNumber;

  async function numberWith(key: Uint8Array): Promise<SafetyNumber> {
    const work = createWork(account.cells.view);
    const cell = { space: 'identity/ACI', key: bob.service };
    await work.get(cell);
    work.put(cell, key);
    const number = await account.engine.safetyNumber(bob.service, work);
    if (number === null) throw new Error('no number');
    return number;
  }
  beforeEach(async () => {
    mine = await numberWith(bob.key);
  });

  it('has the digits the phone shows, and a code that phone and computer take from each other', () => {
    const theirs = phone(bob, account.aci, account.aci.key);
    expect(mine.digits).toBe(theirs.displayableFingerprint().toString());
    expect(recognise(mine.code)).toBe('signal-number');
    expect(mine.judge(codeOf(theirs))).toBe('match');
    expect(theirs.scannableFingerprint().compare(scannable(mine.code))).toBe(true);
  });

  it('AT-09 of a server that gave either side another key fits on neither side', async () => {
    const forged = IdentityKeyPair.generate().publicKey.serialize();
    // The server gave Bob's phone a key of its own as mine.
    const theirs = phone(bob, account.aci, forged);
    expect(theirs.displayableFingerprint().toString()).not.toBe(mine.digits);
    expect(mine.judge(codeOf(theirs))).toBe('differs');
    expect(theirs.scannableFingerprint().compare(scannable(mine.code))).toBe(false);
    // It gave me a key of its own as Bob's.
    const deceived = await numberWith(forged);
    expect(deceived.judge(codeOf(phone(bob, account.aci, account.aci.key)))).toBe('differs');
  });

  it('of another chat does not fit, my own proves nothing, another version cannot be compared', () => {
    expect(mine.judge(codeOf(phone(bob, me, me.key)))).toBe('differs');
    expect(mine.judge(mine.code)).toBe('own');
    expect(mine.judge(codeOf(phone(bob, account.aci, account.aci.key, 1)))).toBe('unreadable');
  });

  it('fits no bytes but the right ones, and breaks at none', () => {
    const right = codeOf(phone(bob, account.aci, account.aci.key));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), bent(right)), (code) => {
        expect(mine.judge(code)).not.toBe('match');
      }),
    );
  });
});

/** The same bytes with one of the hashes changed. */
const bent = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(6, 42), fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 255 }))
    .map(([half, at, by]) => bytes.map((byte, place) => (place === half + at ? byte ^ by : byte)));
