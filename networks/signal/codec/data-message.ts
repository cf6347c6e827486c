import { MAX_TEXT_LENGTH } from '../../../shared/contract/content.ts';
import type { Timer } from '../../../shared/lane/intent.ts';
import type { AttachmentPointer as WirePointer, DataMessage as Wire } from '../proto/signal_pb.ts';
import { pointerOf } from './attachment.ts';
import { bodyRangesOf } from './body-range.ts';
import type { DataMessage, MessageName } from './content.ts';
import {
  FLAG,
  GROUP_KEY_BYTES,
  KNOWN_VERSION,
  LONG_TEXT_TYPE,
  MAX_EMOJI,
  MAX_POINTERS,
  PROFILE_KEY_BYTES,
  VOICE_MESSAGE,
} from './numbers.ts';
import { aciOf, bytesOf, listOf, malformed, mustBytes, timeOf } from './reading.ts';

const MS = 1_000;

/** Reads a data message. @throws PlainsealError `bad-request`. */
export function dataOf(wire: Wire): DataMessage {
  return {
    sentAt: timeOf(wire.sentAt, 'time of a data message'),
    group: wire.group === undefined ? null : mustBytes(wire.group.masterKey, GROUP_KEY_BYTES, 'group key'),
    profileKey: bytesOf(wire.profileKey, PROFILE_KEY_BYTES, 'profile key'),
    timer: timerOf(wire.expireTimer, wire.expireTimerVersion),
    what: whatOf(wire),
  };
}

/** Seconds and a version of the wire as a timer; 0 or nothing is off. */
export function timerOf(seconds: number | undefined, version: number | undefined): Timer {
  return { ms: seconds === undefined || seconds === 0 ? null : seconds * MS, version: version ?? 0 };
}

/** What it says, by what it carries; the first that fits, as a message says one thing. */
function whatOf(wire: Wire): DataMessage['what'] {
  const flags = wire.flags ?? 0;
  if ((wire.requiredProtocolVersion ?? 0) > KNOWN_VERSION) return { kind: 'unsupported' };
  if ((flags & FLAG.endSession) !== 0) return { kind: 'end-session' };
  if ((flags & FLAG.timer) !== 0) return { kind: 'timer' };
  if ((flags & FLAG.profileKey) !== 0) return { kind: 'profile-key' };
  if (isBeyondUs(wire)) return { kind: 'unsupported' };
  if (wire.reaction !== undefined) return reactionOf(wire.reaction);
  if (wire.delete !== undefined)
    return { kind: 'delete', targetSentAt: timeOf(wire.delete.targetSentAt, 'target of a delete') };
  return textOf(wire);
}

/** What this version has no words for, not even the name of its kind. */
function isBeyondUs(wire: Wire): boolean {
  return [
    wire.groupCallUpdate,
    wire.payment,
    wire.storyContext,
    wire.giftBadge,
    wire.pollTerminate,
    wire.pollVote,
    wire.pinMessage,
    wire.unpinMessage,
    wire.adminDelete,
    wire.group?.groupChange,
  ].some((part) => part !== undefined);
}

function reactionOf(wire: NonNullable<Wire['reaction']>): DataMessage['what'] {
  const emoji = wire.emoji ?? '';
  if (emoji === '' || emoji.length > MAX_EMOJI) throw malformed('emoji of a reaction');
  return {
    kind: 'reaction',
    target: {
      author: aciOf(wire.targetAuthorBinary, wire.targetAuthor, 'author of a reaction’s target'),
      sentAt: timeOf(wire.targetSentAt, 'time of a reaction’s target'),
    },
    emoji,
    remove: wire.remove ?? false,
  };
}

function textOf(wire: Wire): DataMessage['what'] {
  const text = wire.body ?? '';
  if (text.length > MAX_TEXT_LENGTH) throw malformed('text is too long');
  const special = specialOf(wire);
  const attachments = listOf(wire.attachments, MAX_POINTERS, 'attachments');
  // What may be looked at once is not kept, so where it lies need not be known.
  const shown = special === 'view-once' ? [] : attachments;
  const long = shown.find(isLongText);
  const files = shown.filter((attachment) => !isLongText(attachment)).map(pointerOf);
  if (text === '' && long === undefined && files.length === 0 && special === null)
    return { kind: 'unsupported' };
  return {
    kind: 'text',
    text,
    ranges: bodyRangesOf(wire.bodyRanges),
    quote: wire.quote === undefined ? null : quoteOf(wire.quote),
    longText: long === undefined ? null : pointerOf(long),
    files,
    special,
  };
}

const isLongText = (pointer: WirePointer): boolean => pointer.contentType === LONG_TEXT_TYPE;

type Special = Extract<DataMessage['what'], { readonly kind: 'text' }>['special'];

function specialOf(wire: Wire): Special {
  if (wire.isViewOnce === true) return 'view-once';
  if (wire.sticker !== undefined) return 'sticker';
  if (wire.pollCreate !== undefined) return 'poll';
  if (wire.contacts.length > 0) return 'contact';
  const isVoice = wire.attachments.some(({ flags }) => ((flags ?? 0) & VOICE_MESSAGE) !== 0);
  return isVoice ? 'voice' : null;
}

/** A message that quotes nobody's message quotes nothing. */
function quoteOf(wire: NonNullable<Wire['quote']>): MessageName | null {
  if (wire.sentAt === undefined || wire.sentAt === 0n) return null;
  return {
    author: aciOf(wire.authorBinary, wire.author, 'author of a quote'),
    sentAt: timeOf(wire.sentAt, 'time of a quote'),
  };
}
