import {
  IdentityKeyPair,
  KEMKeyPair,
  KyberPreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
} from '@signalapp/libsignal-client';
import { describe, expect, test } from 'vitest';
import { freshPni } from '../../crypto/signal/test/raw-party.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import * as oracle from './codec/test/oracle.ts';
import { NumberChanged } from './receive.ts';
import type { Delivery } from './service/service.ts';
import { createOwnAccount } from './test/own-account.ts';
import { ALICE, createReceivingWorld, ME, text, type ReceivingWorld } from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const PNI = freshPni();
const account = createOwnAccount();

/** What a phone tells one of its devices; the signature of the last-resort key may be another's. */
function change(signer?: PrivateKey): Uint8Array {
  const pair = IdentityKeyPair.generate();
  const [signed, pq] = [PrivateKey.generate(), KEMKeyPair.generate()];
  const publicKey = signed.getPublicKey();
  const own = pair.privateKey;
  return oracle.encodeSync({
    content: {
      pniChangeNumber: {
        identityKeyPair: pair.serialize(),
        signedPreKey: SignedPreKeyRecord.new(
          9,
          T,
          publicKey,
          signed,
          own.sign(publicKey.serialize()),
        ).serialize(),
        lastResortKyberPreKey: KyberPreKeyRecord.new(
          9,
          T,
          pq,
          (signer ?? own).sign(pq.getPublicKey().serialize()),
        ).serialize(),
        registrationId: 5,
        newE164: '+15550009',
      },
    },
  });
}

const open = () => createReceivingWorld({ work: account.work });
const said = (
  world: ReceivingWorld,
  of: {
    readonly device?: number;
    readonly service?: typeof ME;
    readonly signer?: PrivateKey;
    readonly pni?: boolean;
  } = {},
): Delivery => {
  const { device = 1, service = ME, signer, pni = true } = of;
  const delivery = world.from({ service, device }, change(signer), { sentAt: T, key: 'change' });
  return pni ? { ...delivery, updatedPni: PNI } : delivery;
};
const self = (world: ReceivingWorld) => readSelf(createWork(world.core.context.view));

describe('my phone has another number', () => {
  test('it takes the place of the one before, and what follows is left for the next connection', async () => {
    const world = open();
    const [before, after] = [world.alice(text('before', T - 1)), world.alice(text('after', T + 1))];
    await expect(world.arrive(before, said(world), after)).rejects.toThrow(NumberChanged);
    expect(await self(world)).toMatchObject({
      number: '+15550009',
      identities: { pni: PNI, pniRegistrationId: 5 },
    });
    expect(world.core.outcome('change' as Delivery['key'])).toBe('consumed');
    // Core calls the account by it.
    expect(world.core.commits.flatMap(({ inbound }) => inbound)).toContainEqual({
      kind: 'cursor',
      name: 'address',
      value: '+15550009',
    });
    expect(world.acknowledged).toEqual([before.key, 'change']);
    expect(world.core.changes('message').map(({ content }) => content.text)).toEqual(['before']);
  });

  test.each([
    ['another device of mine', { device: 3 }],
    ['somebody else', { service: ALICE }],
    ['a server that does not say which identity it is', { pni: false }],
    ['a phone whose keys are not signed by it', { signer: PrivateKey.generate() }],
  ] as const)('not by the word of %s', async (_, of) => {
    const world = open();
    const before = await self(world);
    await world.arrive(said(world, of), world.alice(text('hello', T)));
    expect(await self(world)).toEqual(before);
    expect(world.core.outcome('change' as Delivery['key'])).toBe('quarantined');
    expect(world.core.changes('message')).toHaveLength(1);
  });
});
