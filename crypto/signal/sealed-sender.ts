import {
  CiphertextMessageType,
  UnidentifiedSenderMessageContent,
  sealedSenderDecryptToUsmc,
  sealedSenderEncrypt,
  type IdentityKeyStore,
  type PublicKey,
} from '@signalapp/libsignal-client';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { PlainsealError } from '../../shared/errors.ts';
import type { Work } from '../../shared/lane/state.ts';
import { addressOf, isAci, isDeviceNumber, type Device, type ServiceId } from './address.ts';
import { certificateHolds } from './certificate.ts';
import type { ContentHint, Refusal, Sealed, SignalEnvelope, Unsealed } from './engine.ts';
import { hexOf, identityKey, ownOf, type Own, type OwnIdentity } from './identity.ts';
import { publicKeyOf } from './public-key.ts';
import { unshared } from './unshared.ts';

type Refused = { readonly kind: 'refused'; readonly why: Refusal };
const refused = (why: Refusal): Refused => ({ kind: 'refused', why });

/**
 * Who sent an envelope, and to which of my identities. Sealed sender is taken off, and its certificate has to be signed under a trust
 * root and to hold when the server took the envelope in. Signal's own programs accept neither sealed messages to a phone number's
 * identity nor messages from one; nor does this.
 */
export async function unseal(own: Own, envelope: SignalEnvelope): Promise<Unsealed | Refused> {
  const me = ownOf(own, envelope.destination);
  if (me === null) return refused('wrong-destination');
  if (envelope.type === 'sealed')
    return me.local === 'ACI' ? takeOff(own, envelope) : refused('wrong-destination');
  const { source, type, content, sentAt } = envelope;
  if (source === null || !isAci(source.service) || !isDeviceNumber(source.device))
    return refused('malformed');
  if (isMyself(own, source)) return refused('own-message');
  return {
    from: source,
    local: me.local,
    type,
    content,
    sentAt,
    sealed: false,
    senderKey: null,
    hint: 'default',
    group: null,
  };
}

const isMyself = (own: Own, { service, device }: Device): boolean =>
  service === own.aci.service && device === own.device;

async function takeOff(own: Own, envelope: SignalEnvelope): Promise<Unsealed | Refused> {
  const { content: sealed, sentAt, serverAt } = envelope;
  if (!Number.isSafeInteger(serverAt) || serverAt < 0) return refused('malformed');
  try {
    const inner = await sealedSenderDecryptToUsmc(unshared(sealed), ownKeys(own.aci, null));
    const certificate = inner.senderCertificate();
    if (!certificateHolds(own, certificate, serverAt)) return refused('certificate');
    const service = certificate.senderAci()?.getServiceIdString() as ServiceId | undefined;
    const device = certificate.senderDeviceId();
    // Text that reads as the same id in another form would be another sender everywhere else.
    if (service === undefined || service !== certificate.senderUuid() || !isDeviceNumber(device))
      return refused('certificate');
    const from = { service, device };
    if (isMyself(own, from)) return refused('own-message');
    const type = typeNames.get(inner.msgType());
    if (type === undefined) return refused('malformed');
    return {
      from,
      local: 'ACI',
      type,
      content: inner.contents(),
      sentAt,
      sealed: true,
      senderKey: hexOf(certificate.key().serialize()),
      hint: hints[inner.contentHint()] ?? 'default',
      group: inner.groupId(),
    };
  } catch {
    return refused('decryption');
  }
}

const typeNames = new Map<number, Unsealed['type']>([
  [CiphertextMessageType.Whisper, 'double-ratchet'],
  [CiphertextMessageType.PreKey, 'prekey'],
  [CiphertextMessageType.SenderKey, 'sender-key'],
  [CiphertextMessageType.Plaintext, 'plaintext'],
]);
/** At their numbers on the wire, which are libsignal's too. */
const hints: readonly ContentHint[] = ['default', 'resendable', 'implicit'];

/** Numbers of libsignal's UnidentifiedSenderMessage.Message (sealed_sender.proto), which differ from its own in memory. */
const wireTypes = { prekey: 1, 'double-ratchet': 2, plaintext: 8 } as const satisfies Record<
  Sealed['type'],
  number
>;
const FIELD = { type: 1, certificate: 2, content: 3, hint: 4 } as const;

/** The content of a sealed message as libsignal reads it: made from bytes that were stored, where libsignal only takes fresh ones. */
function encodeContent(
  { type, bytes }: Pick<Sealed, 'type' | 'bytes'>,
  certificate: Uint8Array,
  hint: ContentHint,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
    .tag(FIELD.type, WireType.Varint)
    .int32(wireTypes[type])
    .tag(FIELD.certificate, WireType.LengthDelimited)
    .bytes(certificate)
    .tag(FIELD.content, WireType.LengthDelimited)
    .bytes(bytes);
  if (hint !== 'default') writer.tag(FIELD.hint, WireType.Varint).int32(hints.indexOf(hint));
  return writer.finish();
}

/**
 * Wraps what was sealed for a device, so that the server does not learn who sends. The same sealed bytes may be wrapped again, under
 * a newer certificate.
 * @throws PlainsealError `not-found` when the device's identity is not known, `bad-request` when the certificate does not read.
 */
export async function wrap(
  own: Own,
  sealed: Pick<Sealed, 'type' | 'bytes'>,
  to: Device,
  certificate: Uint8Array,
  hint: ContentHint,
  work: Pick<Work, 'get'>,
): Promise<Uint8Array> {
  const known = await work.get(identityKey('ACI', to.service));
  const identity = known === null ? null : publicKeyOf(known);
  if (identity === null) throw new PlainsealError('not-found', 'no identity to wrap for');
  try {
    const content = UnidentifiedSenderMessageContent.deserialize(encodeContent(sealed, certificate, hint));
    return await sealedSenderEncrypt(content, addressOf(to), ownKeys(own.aci, identity));
  } catch (cause) {
    throw new PlainsealError('bad-request', 'a sealed message does not wrap', { cause });
  }
}

/** My keys, and the key of the one it goes to: sealed sender asks for nothing else. */
function ownKeys({ pair, registrationId }: OwnIdentity, theirs: PublicKey | null): IdentityKeyStore {
  const none = (): never => {
    throw new PlainsealError('internal', 'sealed sender keeps nothing');
  };
  return {
    getIdentityKey: async () => pair.privateKey,
    getIdentityKeyPair: async () => pair,
    getLocalRegistrationId: async () => registrationId,
    getIdentity: async () => theirs,
    saveIdentity: none,
    isTrustedIdentity: none,
  };
}
