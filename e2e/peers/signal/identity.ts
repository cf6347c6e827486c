import { createRequire } from 'node:module';
import { Aci, Fingerprint, PublicKey } from '@signalapp/libsignal-client';
import type * as Mock from '@signalapp/mock-server';

const { ServiceIdKind } = createRequire(import.meta.url)('@signalapp/mock-server') as typeof Mock;
type PrimaryDevice = InstanceType<typeof Mock.PrimaryDevice>;

/** Version and iterations of Signal's safety numbers. */
const SAFETY_NUMBER = { version: 2, iterations: 5_200 } as const;

/** As the app on the account's phone makes it, from the keys the two phones hold themselves: its digits, and the bytes of its QR code. */
export function safetyNumber(
  own: PrimaryDevice,
  theirs: PrimaryDevice,
): { readonly digits: string; readonly code: Uint8Array } {
  const side = (of: PrimaryDevice): [Buffer<ArrayBuffer>, PublicKey] => {
    const { publicKey } = of as unknown as { publicKey: { serialize(): Uint8Array<ArrayBuffer> } };
    const id = Aci.parseFromServiceIdString(of.device.aci).getServiceIdBinary();
    return [Buffer.from(id), PublicKey.deserialize(publicKey.serialize())];
  };
  const { iterations, version } = SAFETY_NUMBER;
  const fingerprint = Fingerprint.new(iterations, version, ...side(own), ...side(theirs));
  return {
    digits: fingerprint.displayableFingerprint().toString(),
    code: fingerprint.scannableFingerprint().toBuffer(),
  };
}

/** The mock has no call for it, so its own is done by hand: a new private key, sessions forgotten, new keys uploaded. */
export async function changeIdentity(of: PrimaryDevice): Promise<void> {
  const inside = of as unknown as {
    privateKey: Secret;
    publicKey: unknown;
    identity: Map<
      unknown,
      {
        updateIdentityKey(key: Secret): Promise<void>;
        saveIdentity(address: unknown, key: unknown): Promise<unknown>;
      }
    >;
    sessions: unknown;
    privSenderCertificate: unknown;
    config: { getSenderCertificate(): Promise<unknown> };
  };
  type Secret = { getPublicKey(): unknown; constructor: { generate(): Secret } };
  const fresh = inside.privateKey.constructor.generate();
  inside.privateKey = fresh;
  inside.publicKey = fresh.getPublicKey();
  const identity = inside.identity.get(ServiceIdKind.ACI);
  if (!identity) throw new Error('no identity');
  await identity.updateIdentityKey(fresh);
  await identity.saveIdentity(of.device.address, inside.publicKey);
  (inside.sessions as { sessions: Map<unknown, unknown> }).sessions.clear();
  await of.device.setKeys(ServiceIdKind.ACI, await of.generateKeys(of.device, ServiceIdKind.ACI));
  inside.privSenderCertificate = await inside.config.getSenderCertificate();
  dropUnopened(of);
}

/**
 * What was sealed for the key before may still be on its way. A server takes it all the same, and the phone cannot open it; the mock would
 * answer the sender that something broke, again at each try.
 */
function dropUnopened(phone: PrimaryDevice): void {
  const handle = phone.handleEnvelope.bind(phone);
  phone.handleEnvelope = async (...envelope) => {
    try {
      await handle(...envelope);
    } catch (error) {
      // An error of libsignal; the mock has a copy of its own, so that its class is another.
      if (!(error instanceof Error) || !('operation' in error)) throw error;
    }
  };
}
