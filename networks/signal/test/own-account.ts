import { randomBytes } from 'node:crypto';
import { IdentityKeyPair, PrivateKey } from '@signalapp/libsignal-client';
import { freshAci, freshPni } from '../../../crypto/signal/test/raw-party.ts';
import { firstKeys, type FirstKeys } from '../../../crypto/signal/upkeep.ts';
import type { Millis } from '../../../shared/ids.ts';
import { ABSENT, type StateWrite } from '../../../shared/lane/state.ts';
import { encodeSelf, SELF, type Self } from '../account-record.ts';

/** For tests: an account as linking leaves it, whose server nobody can reach. */
export function createOwnAccount(now: Millis = Date.now()): {
  readonly self: Self;
  readonly keys: FirstKeys;
  readonly work: readonly StateWrite[];
} {
  const [aci, pni] = [IdentityKeyPair.generate(), IdentityKeyPair.generate()];
  const self: Self = {
    identities: {
      aci: freshAci(),
      pni: freshPni(),
      device: 2,
      aciRegistrationId: 11,
      pniRegistrationId: 12,
      aciIdentityKey: aci.privateKey.serialize(),
      pniIdentityKey: pni.privateKey.serialize(),
    },
    number: '+4915100000000',
    password: 'password',
    profileKey: randomBytes(32),
    accountEntropyPool: null,
    environment: {
      kind: 'local',
      port: 1,
      rootCertificate: randomBytes(600),
      trustRoots: [PrivateKey.generate().getPublicKey().serialize()],
      serverPublicParams: randomBytes(600),
    },
  };
  const keys = firstKeys(self.identities, now);
  return { self, keys, work: [{ key: SELF, value: encodeSelf(self), expect: ABSENT }, ...keys.work] };
}
