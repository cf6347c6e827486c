import { IdentityKeyPair, PrivateKey, PublicKey } from '@signalapp/libsignal-client';
import type { StateCell, StateKey } from '../../shared/lane/state.ts';
import type { Local, ServiceId } from './address.ts';
import type { IdentityKey, OwnIdentities } from './engine.ts';
import { unshared } from './unshared.ts';

/** One of my identities, its keys ready for use. */
export interface OwnIdentity {
  readonly local: Local;
  readonly service: ServiceId;
  readonly registrationId: number;
  readonly pair: IdentityKeyPair;
  /** The public half, serialized: 33 bytes. */
  readonly key: Uint8Array;
}

/** My side: {@link OwnIdentities} with the keys read. */
export interface Own {
  readonly device: number;
  readonly aci: OwnIdentity;
  readonly pni: OwnIdentity | null;
  readonly trustRoots: readonly PublicKey[];
}

/** Reads my keys once. @throws Error from libsignal when one of them is none: the account's record is damaged. */
export function readOwn(identities: OwnIdentities): Own {
  const { aci, pni, pniIdentityKey, device, trustRoots } = identities;
  return {
    device,
    aci: identity('ACI', aci, identities.aciRegistrationId, identities.aciIdentityKey),
    pni:
      pni === null || pniIdentityKey === null
        ? null
        : identity('PNI', pni, identities.pniRegistrationId, pniIdentityKey),
    trustRoots: trustRoots.map((root) => PublicKey.deserialize(unshared(root))),
  };
}

function identity(local: Local, service: ServiceId, registrationId: number, bytes: Uint8Array): OwnIdentity {
  const pair = keyPairOf(bytes);
  return { local, service, registrationId, pair, key: pair.publicKey.serialize() };
}

/** A key pair from its serialized private half. */
export function keyPairOf(privateKey: Uint8Array): IdentityKeyPair {
  const key = PrivateKey.deserialize(unshared(privateKey));
  return new IdentityKeyPair(key.getPublicKey(), key);
}

/** Which of my identities a service id names; null for none of mine. */
export function ownOf({ aci, pni }: Own, service: ServiceId): OwnIdentity | null {
  if (service === aci.service) return aci;
  return pni !== null && service === pni.service ? pni : null;
}

/** The identity key (33 bytes) known of a service id, as seen by one of my identities. */
export const identityKey = (local: Local, service: ServiceId): StateKey => ({
  space: `identity/${local}`,
  key: service,
});

/** How a public key of 33 bytes is compared and told. */
export const hexOf = (key: Uint8Array): IdentityKey => Buffer.from(key).toString('hex');

/** A cell's value, from either a unit of work or a view. */
export const valueOf = (found: Uint8Array | StateCell | null): Uint8Array | null =>
  found === null || found instanceof Uint8Array ? found : found.value;

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
