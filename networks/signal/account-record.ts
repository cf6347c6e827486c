import * as v from 'valibot';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { OwnIdentities } from '../../crypto/signal/engine.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { Work } from '../../shared/lane/state.ts';
import { bytes, shape, text } from '../../shared/shape.ts';
import { encodeFrame } from '../../shared/wire/codec.ts';
import { readCell } from './cell.ts';
import { MAX_REGISTRATION } from './codec/numbers.ts';
import { endpointsOf, type SignalEnvironment } from './environment.ts';

/** My linked device, as linking left it. Secrets in it never leave lane and core's database. */
export type Self = {
  readonly identities: Omit<OwnIdentities, 'trustRoots'>;
  readonly number: string | null;
  readonly password: string;
  readonly profileKey: Uint8Array;
  readonly accountEntropyPool: string | null;
  readonly environment: SignalEnvironment;
};

/** Where it lies. */
export const SELF = { space: 'account', key: 'self' } as const;

const key = bytes(64);
const registration = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_REGISTRATION));
const service = v.pipe(v.string(), v.maxLength(64)) as unknown as v.GenericSchema<unknown, ServiceId>;
const selfSchema = shape<Self>(
  v.strictObject({
    identities: v.strictObject({
      aci: service,
      pni: v.nullable(service),
      device: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(127)),
      aciRegistrationId: registration,
      pniRegistrationId: registration,
      aciIdentityKey: key,
      pniIdentityKey: v.nullable(key),
    }),
    number: v.nullable(text(32)),
    password: text(200),
    profileKey: key,
    accountEntropyPool: v.nullable(text(200)),
    environment: v.variant('kind', [
      v.strictObject({ kind: v.picklist(['live', 'staging']) }),
      v.strictObject({
        kind: v.literal('local'),
        port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
        rootCertificate: bytes(16 * 1024),
        trustRoots: v.array(key),
        serverPublicParams: bytes(4 * 1024),
      }),
    ]),
  }),
);

/** As bytes of a cell. */
export const encodeSelf = (self: Self): Uint8Array => encodeFrame(self);

/** Whether two records say the same. */
export const isSameSelf = (a: Self, b: Self): boolean => Buffer.compare(encodeSelf(a), encodeSelf(b)) === 0;

/**
 * My account.
 * @throws PlainsealError `not-found` once it was unlinked and its keys wiped, `corrupt` for a record that does not read.
 */
export async function readSelf(work: Pick<Work, 'get'>): Promise<Self> {
  const self = await readCell(work, SELF, selfSchema);
  if (!self) throw new PlainsealError('not-found', 'the account is not linked any more');
  return self;
}

/** What the engine is made of. */
export function ownIdentities(self: Self): OwnIdentities {
  return { ...self.identities, trustRoots: endpointsOf(self.environment).trustRoots };
}
