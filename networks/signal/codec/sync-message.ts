import { assertNever } from '../../../shared/assert.ts';
import type { SyncMessage as Wire } from '../proto/signal_pb.ts';
import { pointerOf } from './attachment.ts';
import type { MessageName, Sync } from './content.ts';
import { dataOf } from './data-message.ts';
import {
  ANSWER,
  FETCH_LATEST,
  MAX_BLOCKED,
  MAX_NAMES,
  MAX_REGISTRATION,
  PUBLIC_KEY_BYTES,
  SYNC_REQUEST,
  VERIFIED,
} from './numbers.ts';
import { aciOf, listOf, malformed, mustBytes, optionalServiceOf, someBytes, timeOf } from './reading.ts';
import { isAci, serviceIdFromBytes, serviceIdFromText } from './service-id.ts';

type Case<K extends Wire['kind']['case']> = Extract<Wire['kind'], { readonly case: K }>['value'];

/** Reads what another device of an account says. Whose account is not its concern. @throws PlainsealError `bad-request`. */
export function syncOf(wire: Wire): Sync {
  const { kind } = wire;
  switch (kind.case) {
    case 'sent':
      return sentOf(kind.value);
    case 'contacts':
      if (kind.value.blob === undefined) throw malformed('contacts without a blob');
      return {
        kind: 'contacts',
        blob: pointerOf(kind.value.blob),
        complete: kind.value.complete ?? false,
      };
    case 'request':
      return { kind: 'request', what: requestOf(kind.value.type) };
    case 'blocked':
      return { kind: 'blocked', services: blockedOf(kind.value) };
    case 'verified':
      return {
        kind: 'verified',
        service: aciOf(kind.value.destinationBinary, kind.value.destination, 'who is verified'),
        identityKey: mustBytes(kind.value.identityKey, PUBLIC_KEY_BYTES, 'verified key'),
        state: verifiedOf(kind.value.state),
      };
    case 'configuration':
      return {
        kind: 'configuration',
        readReceipts: kind.value.readReceipts ?? null,
        typing: kind.value.typingIndicators ?? null,
      };
    case 'fetchLatest':
      return { kind: 'fetch-latest', what: latestOf(kind.value.type) };
    case 'keys':
      return { kind: 'keys', accountEntropyPool: entropyOf(kind.value.accountEntropyPool) };
    case 'requestResponse':
      return answerOf(kind.value);
    case 'deleteForMe':
      return deletedOf(kind.value);
    case 'numberChange':
      return numberChangeOf(kind.value);
    case 'viewOnceOpen':
    case 'outgoingPayment':
    case 'callEvent':
    case 'callLinkUpdate':
    case 'callLogEvent':
    case 'deviceNameChange':
    case 'attachmentBackfillRequest':
    case 'attachmentBackfillResponse':
    case 'usernameChange':
      return { kind: 'other' };
    case undefined:
      return listsOf(wire);
    default:
      return assertNever(kind);
  }
}

/** What stands beside the choice: messages that were read or viewed. */
function listsOf(wire: Wire): Sync {
  if (wire.read.length > 0) return { kind: 'read', of: openedOf(wire.read) };
  if (wire.viewed.length > 0) return { kind: 'viewed', of: openedOf(wire.viewed) };
  return { kind: 'other' };
}

const openedOf = (wire: Wire['read']): readonly MessageName[] =>
  listOf(wire, MAX_NAMES, 'read messages').map(({ authorBinary, author, sentAt }) => ({
    author: aciOf(authorBinary, author, 'author of a read message'),
    sentAt: timeOf(sentAt, 'time of a read message'),
  }));

function sentOf(wire: Case<'sent'>): Sync {
  const { message, edit } = wire;
  if (message !== undefined && edit?.data !== undefined) throw malformed('a transcript of two messages');
  return {
    kind: 'sent',
    to: optionalServiceOf(wire.destinationBinary, wire.destination, 'destination of a transcript'),
    sentAt: timeOf(wire.sentAt, 'time of a transcript'),
    expirationStartedAt:
      wire.expirationStartedAt === undefined || wire.expirationStartedAt === 0n
        ? null
        : timeOf(wire.expirationStartedAt, 'start of expiration'),
    message:
      message !== undefined
        ? { kind: 'data', data: dataOf(message), targetSentAt: null }
        : edit?.data !== undefined
          ? {
              kind: 'edit',
              data: dataOf(edit.data),
              targetSentAt: timeOf(edit.targetSentAt, 'target of an edit'),
            }
          : null,
    isUpdate: wire.isRecipientUpdate ?? false,
  };
}

type Request = Extract<Sync, { readonly kind: 'request' }>['what'];

function requestOf(type: number | undefined): Request {
  switch (type) {
    case SYNC_REQUEST.contacts:
      return 'contacts';
    case SYNC_REQUEST.blocked:
      return 'blocked';
    case SYNC_REQUEST.configuration:
      return 'configuration';
    case SYNC_REQUEST.keys:
      return 'keys';
    default:
      return 'unknown';
  }
}

/** Entries that do not read are left out, so that one of them does not unblock the rest. */
function blockedOf(wire: Case<'blocked'>): Extract<Sync, { readonly kind: 'blocked' }>['services'] {
  const binary = listOf(wire.servicesBinary, MAX_BLOCKED, 'blocked people').map(serviceIdFromBytes);
  const texts = listOf(wire.services, MAX_BLOCKED, 'blocked people').map(serviceIdFromText);
  return [...new Set([...binary, ...texts])].flatMap((service) =>
    service !== null && isAci(service) ? [service] : [],
  );
}

function verifiedOf(state: number | undefined): Extract<Sync, { readonly kind: 'verified' }>['state'] {
  switch (state ?? VERIFIED.default) {
    case VERIFIED.default:
      return 'default';
    case VERIFIED.verified:
      return 'verified';
    case VERIFIED.unverified:
      return 'unverified';
    default:
      throw malformed('state of a verification');
  }
}

function latestOf(type: number | undefined): Extract<Sync, { readonly kind: 'fetch-latest' }>['what'] {
  switch (type) {
    case FETCH_LATEST.profile:
      return 'profile';
    case FETCH_LATEST.storage:
      return 'storage';
    default:
      return 'unknown';
  }
}

const ENTROPY_POOL = /^[0-9a-z]{64}$/;

/** The account's entropy pool: 64 digits and letters. @throws PlainsealError `bad-request`. */
export function entropyOf(pool: string | undefined): string | null {
  if (pool === undefined || pool === '') return null;
  const text = pool.toLowerCase();
  if (!ENTROPY_POOL.test(text)) throw malformed('entropy pool');
  return text;
}

function answerOf(wire: Case<'requestResponse'>): Sync {
  const service = optionalServiceOf(wire.threadBinary, wire.thread, 'who a request is from');
  // About a group.
  if (service === null) return { kind: 'other' };
  if (!isAci(service)) throw malformed('who a request is from');
  switch (wire.type) {
    case ANSWER.accept:
      return { kind: 'request-response', service, answer: 'accept' };
    case ANSWER.delete:
      return { kind: 'request-response', service, answer: 'delete' };
    case ANSWER.block:
    case ANSWER.blockAndDelete:
    case ANSWER.blockAndSpam:
      return { kind: 'request-response', service, answer: 'block' };
    default:
      return { kind: 'request-response', service, answer: 'unknown' };
  }
}

const NUMBER = /^\+[1-9]\d{4,19}$/;

/** Whether the keys can be used is not said here. */
function numberChangeOf(wire: Case<'numberChange'>): Sync {
  const { registrationId = 0, number = '' } = wire;
  if (registrationId < 1 || registrationId > MAX_REGISTRATION) throw malformed('registration of a number');
  if (!NUMBER.test(number)) throw malformed('number of an account');
  return {
    kind: 'number-change',
    number,
    registrationId,
    keys: {
      identityKeyPair: someBytes(wire.identityKeyPair, 'identity of a number'),
      signedPreKey: someBytes(wire.signedPreKey, 'signed key of a number'),
      lastResortKyberPreKey: someBytes(wire.lastResortPqPreKey, 'last-resort key of a number'),
    },
  };
}

/** Deleted messages of conversations with accounts; those of groups and of numbers are left out. */
function deletedOf(wire: Case<'deleteForMe'>): Sync {
  const messages = listOf(wire.messages, MAX_NAMES, 'deletions').flatMap((one) => {
    const identifier = one.conversation?.identifier;
    const conversation = addressOf(identifier);
    if (conversation === null) return [];
    return listOf(one.messages, MAX_NAMES, 'deletions').flatMap(({ author, sentAt }) => {
      const by = addressOf(author);
      if (by === null) return [];
      return [{ conversation, message: { author: by, sentAt: timeOf(sentAt, 'time of a deletion') } }];
    });
  });
  return { kind: 'delete-for-me', messages: listOf(messages, MAX_NAMES, 'deletions') };
}

function addressOf(
  address:
    | { readonly case: 'service' | 'number'; readonly value: string }
    | { readonly case: 'serviceBinary' | 'groupId'; readonly value: Uint8Array }
    | { readonly case: undefined }
    | undefined,
): MessageName['author'] | null {
  if (address?.case === 'service') return serviceIdFromText(address.value);
  if (address?.case === 'serviceBinary') return serviceIdFromBytes(address.value);
  return null;
}
