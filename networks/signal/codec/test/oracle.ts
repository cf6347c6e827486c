// The oracle has enums; the numbers themselves are what is tested.
// oxlint-disable typescript/no-unsafe-enum-assignment
import { EMPTY_DATA_MESSAGE, Proto } from '@signalapp/mock-server';
import { serviceIdBytes } from '../service-id.ts';
import type { AttachmentPointer, BodyRange, MessageName } from '../content.ts';
import type { ServiceId } from '../../../../crypto/signal/address.ts';

/*
 * The codec of Signal's own mock server, written by others from Signal's own description: what ours is compared with. It wants every
 * field named, so these fill in what a case does not say.
 */

type Bytes = Uint8Array<ArrayBuffer>;
export type DataParams = Proto.DataMessage.Params;
type ContentParams = Proto.Content.Params;
type SyncParams = Proto.SyncMessage.Params;
export type Oracle = ReturnType<typeof Proto.Content.decode>;

/** Bytes over memory of their own, as the oracle types want them. */
export const own = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);
export const idBytes = (service: ServiceId): Bytes => serviceIdBytes(service);

/** A data message with what is given. */
export const data = (fields: Partial<DataParams>): DataParams => ({ ...EMPTY_DATA_MESSAGE, ...fields });

export function encodeContent(fields: Partial<ContentParams>): Bytes {
  return own(
    Proto.Content.encode({
      content: null,
      senderKeyDistributionMessage: null,
      pniSignatureMessage: null,
      ...fields,
    }),
  );
}

export const encodeData = (fields: Partial<DataParams>): Bytes =>
  encodeContent({ content: { dataMessage: data(fields) } });

export const encodeSync = (fields: Partial<SyncParams>): Bytes =>
  encodeContent({ content: { syncMessage: sync(fields) } });

const sync = (fields: Partial<SyncParams>): SyncParams => ({
  content: null,
  read: null,
  stickerPackOperation: null,
  viewed: null,
  padding: null,
  ...fields,
});

export type SentParams = Proto.SyncMessage.Sent.Params;
export const sent = (fields: Partial<SentParams>): SentParams => ({
  destinationE164: null,
  destinationServiceId: null,
  timestamp: null,
  message: null,
  expirationStartTimestamp: null,
  unidentifiedStatus: null,
  isRecipientUpdate: null,
  storyMessage: null,
  storyMessageRecipients: null,
  editMessage: null,
  destinationServiceIdBinary: null,
  ...fields,
});

export const decodeContent = (bytes: Uint8Array): Oracle => Proto.Content.decode(own(bytes));

export type EnvelopeParams = Proto.Envelope.Params;
export function encodeEnvelope(fields: Partial<EnvelopeParams>): Bytes {
  return own(
    Proto.Envelope.encode({
      type: null,
      sourceServiceId: null,
      sourceDeviceId: null,
      destinationServiceId: null,
      clientTimestamp: null,
      content: null,
      serverGuid: null,
      serverTimestamp: null,
      ephemeral: null,
      urgent: null,
      updatedPni: null,
      story: null,
      reportSpamToken: null,
      sourceServiceIdBinary: null,
      destinationServiceIdBinary: null,
      serverGuidBinary: null,
      updatedPniBinary: null,
      ...fields,
    }),
  );
}

export type PointerParams = Proto.AttachmentPointer.Params;
export const pointer = (of: AttachmentPointer, fields: Partial<PointerParams> = {}): PointerParams => ({
  attachmentIdentifier: { cdnKey: of.id },
  clientUuid: null,
  contentType: of.type,
  key: own(of.key),
  size: of.size,
  thumbnail: null,
  digest: own(of.digest),
  incrementalMac: null,
  chunkSize: null,
  fileName: of.name,
  flags: of.flags,
  width: null,
  height: null,
  caption: null,
  blurHash: null,
  uploadTimestamp: null,
  cdnNumber: of.cdn,
  ...fields,
});

const STYLES = { bold: 1, italic: 2, spoiler: 3, strike: 4, mono: 5 } as const;

export const bodyRange = (range: BodyRange): Proto.BodyRange.Params => ({
  start: range.at,
  length: range.length,
  associatedValue:
    typeof range.as === 'string'
      ? { style: STYLES[range.as] }
      : { mentionAciBinary: idBytes(range.as.mention) },
});

export const quote = (of: MessageName, text: string): Proto.DataMessage.Quote.Params => ({
  id: BigInt(of.sentAt),
  authorAci: null,
  text,
  attachments: null,
  bodyRanges: null,
  type: null,
  authorAciBinary: idBytes(of.author),
});

export const reaction = (
  emoji: string | null,
  target: MessageName,
  remove: boolean | null = null,
): Proto.DataMessage.Reaction.Params => ({
  emoji,
  remove,
  targetAuthorAci: null,
  targetSentTimestamp: BigInt(target.sentAt),
  targetAuthorAciBinary: idBytes(target.author),
});

export { Proto };
