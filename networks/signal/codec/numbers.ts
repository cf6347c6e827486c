/*
 * Numbers of Signal's protocol that stand for a choice (../proto/signal.proto says where), and the bounds of what is read.
 */

/** What an envelope holds, as the server says. */
export const ENVELOPE = {
  doubleRatchet: 1,
  prekey: 3,
  serverReceipt: 5,
  sealed: 6,
  plaintext: 8,
} as const;

/** Bits of `DataMessage.flags`. */
export const FLAG = { endSession: 1, timer: 2, profileKey: 4 } as const;

/** Steps of `DataMessage.required_protocol_version`. */
export const VERSION = { mentions: 6, polls: 8 } as const;
/** The newest of them whose messages this version can name, if not always show. */
export const KNOWN_VERSION = VERSION.polls;

export const RECEIPT = { delivered: 0, read: 1, viewed: 2 } as const;
export const TYPING = { started: 0, stopped: 1 } as const;
export const STYLE = { bold: 1, italic: 2, spoiler: 3, strike: 4, mono: 5 } as const;
export const SYNC_REQUEST = { contacts: 1, blocked: 3, configuration: 4, keys: 5 } as const;
export const FETCH_LATEST = { profile: 1, storage: 2 } as const;
export const VERIFIED = { default: 0, verified: 1, unverified: 2 } as const;
/** Answers to a message request. The last three block too. */
export const ANSWER = {
  accept: 1,
  delete: 2,
  block: 3,
  blockAndDelete: 4,
  spam: 5,
  blockAndSpam: 6,
} as const;
/** Bit of `AttachmentPointer.flags`. */
export const VOICE_MESSAGE = 1;

/** The type of the attachment that holds the whole of a long text. */
export const LONG_TEXT_TYPE = 'text/x-signal-plain';

/** Largest envelope, content or provisioning message that is read, in bytes. Signal's server takes 256 KiB. */
export const MAX_CONTENT = 512 * 1024;
/** Largest contacts blob, in bytes, and most contacts in it. */
export const MAX_CONTACTS_BLOB = 32 * 1024 * 1024;
export const MAX_CONTACTS = 100_000;
/** Largest entry of the contacts blob, in bytes. */
export const MAX_CONTACT = 64 * 1024;
/** Most messages that one message is about: receipts, read messages, deletions. Each becomes a change, of which a commit takes 10 000. */
export const MAX_NAMES = 4_000;
/** Most people in the list of blocked ones. */
export const MAX_BLOCKED = 10_000;
/** Most styles and mentions that are kept of one text; Signal's own clients write at most 250. */
export const MAX_BODY_RANGES = 250;
/** Most files of one message. */
export const MAX_POINTERS = 64;
/** Longest reaction, in UTF-16 units: the longest emoji sequences have under 40. */
export const MAX_EMOJI = 64;
/** Longest name of a file or of its type, in UTF-16 units. */
export const MAX_LABEL = 255;

/** Registration ids are 14 bits, and none is 0. */
export const MAX_REGISTRATION = 0x3fff;
export const PROFILE_KEY_BYTES = 32;
export const GROUP_KEY_BYTES = 32;
/** A public key with its type byte. */
export const PUBLIC_KEY_BYTES = 33;
export const PRIVATE_KEY_BYTES = 32;
/** AES-256 key and HMAC-SHA256 key of an attachment. */
export const ATTACHMENT_KEY_BYTES = 64;
export const DIGEST_BYTES = 32;
