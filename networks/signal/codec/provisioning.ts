import { create, toBinary } from '@bufbuild/protobuf';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import { DeviceNameSchema, ProvisionEnvelopeSchema, ProvisionMessageSchema } from '../proto/signal_pb.ts';
import { MAX_CONTENT, PRIVATE_KEY_BYTES, PROFILE_KEY_BYTES, PUBLIC_KEY_BYTES } from './numbers.ts';
import { aciOf, bytesOf, malformed, mustBytes, parse } from './reading.ts';
import { pniFromBytes } from './service-id.ts';
import { entropyOf } from './sync-message.ts';

/** What the phone sealed for the key in the QR code. */
export type ProvisionEnvelope = { readonly publicKey: Uint8Array; readonly body: Uint8Array };

/** Serialized libsignal keys: 33 bytes public, 32 private. */
export type IdentityPair = { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };

/** What a phone gives a new device of its account. */
export type ProvisionMessage = {
  readonly aci: ServiceId;
  readonly aciIdentity: IdentityPair;
  /** Null for an account without a number. */
  readonly pni: ServiceId | null;
  readonly pniIdentity: IdentityPair | null;
  readonly number: string | null;
  readonly provisioningCode: string;
  readonly profileKey: Uint8Array;
  readonly readReceipts: boolean;
  readonly accountEntropyPool: string | null;
};

const SECRET_BYTES = PRIVATE_KEY_BYTES;
const MAX_CODE = 512;
const NUMBER = /^\+[1-9][0-9]{4,17}$/;

/** @throws PlainsealError `bad-request`. */
export function decodeProvisionEnvelope(bytes: Uint8Array): ProvisionEnvelope {
  const wire = parse(ProvisionEnvelopeSchema, bytes, MAX_CONTENT);
  if (wire.body === undefined || wire.body.length === 0) throw malformed('provisioning without a body');
  return { publicKey: mustBytes(wire.publicKey, PUBLIC_KEY_BYTES, 'provisioning key'), body: wire.body };
}

/** @throws PlainsealError `bad-request`. */
export function decodeProvisionMessage(bytes: Uint8Array): ProvisionMessage {
  const wire = parse(ProvisionMessageSchema, bytes, MAX_CONTENT);
  const pni =
    wire.pniBinary === undefined || wire.pniBinary.length === 0 ? null : pniFromBytes(wire.pniBinary);
  if (pni === null && (wire.pniBinary?.length ?? 0) > 0) throw malformed('provisioned pni');
  const code = wire.provisioningCode ?? '';
  if (code === '' || code.length > MAX_CODE) throw malformed('provisioning code');
  return {
    aci: aciOf(wire.aciBinary, undefined, 'provisioned aci'),
    aciIdentity: {
      publicKey: mustBytes(wire.aciIdentityKeyPublic, PUBLIC_KEY_BYTES, 'aci identity'),
      privateKey: mustBytes(wire.aciIdentityKeyPrivate, SECRET_BYTES, 'aci identity'),
    },
    pni,
    pniIdentity: pairOf(wire.pniIdentityKeyPublic, wire.pniIdentityKeyPrivate),
    number: numberOf(wire.number),
    provisioningCode: code,
    profileKey: mustBytes(wire.profileKey, PROFILE_KEY_BYTES, 'profile key'),
    readReceipts: wire.readReceipts ?? false,
    accountEntropyPool: entropyOf(wire.accountEntropyPool),
  };
}

/** Both halves or neither. */
function pairOf(
  publicHalf: Uint8Array | undefined,
  privateHalf: Uint8Array | undefined,
): IdentityPair | null {
  const publicKey = bytesOf(publicHalf, PUBLIC_KEY_BYTES, 'pni identity');
  const privateKey = bytesOf(privateHalf, SECRET_BYTES, 'pni identity');
  if (publicKey === null && privateKey === null) return null;
  if (publicKey === null || privateKey === null) throw malformed('half of a pni identity');
  return { publicKey, privateKey };
}

function numberOf(number: string | undefined): string | null {
  if (number === undefined || number === '') return null;
  if (!NUMBER.test(number)) throw malformed('provisioned number');
  return number;
}

/** The sealed name of a device, as it goes into a link request. */
export function encodeDeviceName(name: {
  readonly ephemeralPublic: Uint8Array;
  readonly syntheticIv: Uint8Array;
  readonly ciphertext: Uint8Array;
}): Uint8Array {
  return toBinary(DeviceNameSchema, create(DeviceNameSchema, name));
}
