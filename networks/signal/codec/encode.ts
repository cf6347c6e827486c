import { randomBytes, randomInt } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { assertNever } from '../../../shared/assert.ts';
import {
  ContentSchema,
  DataMessageSchema,
  EditMessageSchema,
  NullMessageSchema,
  ReceiptMessageSchema,
  SyncMessageSchema,
  TypingMessageSchema,
  type Content as Wire,
  type DataMessage as WireData,
} from '../proto/signal_pb.ts';
import { pointerTo } from './attachment.ts';
import { bodyRangeTo } from './body-range.ts';
import type { Outgoing, OutgoingData } from './content.ts';
import { ANSWER, FLAG, RECEIPT, SYNC_REQUEST, TYPING, VERIFIED, VERSION } from './numbers.ts';
import { isAci, serviceIdBytes } from './service-id.ts';

export { encodeDeviceName } from './provisioning.ts';

/** Most bytes of padding beside a message whose size would tell what it is. */
const MAX_PADDING = 512;
const MS = 1_000;

/** One `Content`, without its padding to a block, which is the engine's. */
export function encodeContent(outgoing: Outgoing): Uint8Array {
  return toBinary(ContentSchema, create(ContentSchema, { kind: kindOf(outgoing) }));
}

const padding = (): Uint8Array => randomBytes(randomInt(1, MAX_PADDING + 1));

type Sync = Parameters<typeof create<typeof SyncMessageSchema>>[1];
const sync = (what: Sync): Wire['kind'] => ({
  case: 'sync',
  value: create(SyncMessageSchema, { ...what, padding: padding() }),
});

function kindOf(outgoing: Outgoing): Wire['kind'] {
  switch (outgoing.kind) {
    case 'data':
      return { case: 'data', value: dataTo(outgoing.data) };
    case 'edit':
      return { case: 'edit', value: editTo(outgoing.targetSentAt, outgoing.data) };
    case 'receipt':
      return {
        case: 'receipt',
        value: create(ReceiptMessageSchema, {
          type: RECEIPT[outgoing.as],
          sentAt: outgoing.of.map(BigInt),
        }),
      };
    case 'typing':
      return {
        case: 'typing',
        value: create(TypingMessageSchema, {
          at: BigInt(outgoing.at),
          action: outgoing.on ? TYPING.started : TYPING.stopped,
        }),
      };
    case 'null-message':
      return { case: 'null', value: create(NullMessageSchema, { padding: padding() }) };
    case 'sent':
      return sync(sentTo(outgoing));
    case 'sync-read':
      return sync({
        read: outgoing.of.map(({ author, sentAt }) => ({
          authorBinary: serviceIdBytes(author),
          sentAt: BigInt(sentAt),
        })),
      });
    case 'sync-request':
      return sync({ kind: { case: 'request', value: { type: SYNC_REQUEST[outgoing.what] } } });
    case 'sync-verified':
      return sync({
        kind: {
          case: 'verified',
          value: {
            destinationBinary: serviceIdBytes(outgoing.service),
            identityKey: outgoing.identityKey,
            state: VERIFIED[outgoing.state],
          },
        },
      });
    case 'sync-request-response':
      return sync({
        kind: {
          case: 'requestResponse',
          value: { threadBinary: serviceIdBytes(outgoing.service), type: ANSWER[outgoing.answer] },
        },
      });
    default:
      return assertNever(outgoing);
  }
}

/** The transcript. The identity key of the other side goes along only where it was sent to a phone number's identity. */
function sentTo(sent: Extract<Outgoing, { readonly kind: 'sent' }>): Sync {
  const destinationBinary = serviceIdBytes(sent.to);
  return {
    kind: {
      case: 'sent',
      value: {
        sentAt: BigInt(sent.sentAt),
        destinationBinary,
        ...(sent.editOf === null
          ? { message: dataTo(sent.message) }
          : { edit: editTo(sent.editOf, sent.message) }),
        ...(sent.expirationStartedAt === null
          ? {}
          : { expirationStartedAt: BigInt(sent.expirationStartedAt) }),
        unidentifiedStatus: [
          {
            destinationBinary,
            unidentified: sent.sealed,
            ...(isAci(sent.to) ? {} : { pniIdentityKey: sent.identityKey }),
          },
        ],
        isRecipientUpdate: false,
      },
    },
  };
}

const editTo = (targetSentAt: number, data: OutgoingData) =>
  create(EditMessageSchema, { targetSentAt: BigInt(targetSentAt), data: dataTo(data) });

function dataTo(data: OutgoingData): WireData {
  const { timer } = data;
  return create(DataMessageSchema, {
    sentAt: BigInt(data.sentAt),
    ...(data.profileKey === null ? {} : { profileKey: data.profileKey }),
    ...(timer === null
      ? {}
      : { expireTimer: Math.round((timer.ms ?? 0) / MS), expireTimerVersion: timer.version }),
    ...whatTo(data.what),
  });
}

function whatTo(what: OutgoingData['what']): Parameters<typeof create<typeof DataMessageSchema>>[1] {
  switch (what.kind) {
    case 'text':
      return {
        body: what.text,
        bodyRanges: what.ranges.map(bodyRangeTo),
        ...(what.ranges.some(({ as }) => typeof as !== 'string')
          ? { requiredProtocolVersion: VERSION.mentions }
          : {}),
        attachments: what.longText === null ? [] : [pointerTo(what.longText)],
        ...(what.quote === null
          ? {}
          : {
              quote: {
                sentAt: BigInt(what.quote.name.sentAt),
                authorBinary: serviceIdBytes(what.quote.name.author),
                text: what.quote.text,
              },
            }),
      };
    case 'timer':
      return { flags: FLAG.timer };
    case 'reaction':
      return {
        reaction: {
          emoji: what.emoji,
          remove: what.remove,
          targetAuthorBinary: serviceIdBytes(what.target.author),
          targetSentAt: BigInt(what.target.sentAt),
        },
      };
    case 'delete':
      return { delete: { targetSentAt: BigInt(what.targetSentAt) } };
    default:
      return assertNever(what);
  }
}
