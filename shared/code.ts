/*
 * Codes that people show, scan and paste. One function says what a code is, for every place that takes one; whether it is complete is
 * the business of the lane that gets it. Plainseal has no code of its own: it shows those of its networks.
 */

import type { NetworkId } from './ids.ts';

export const codeKinds = [
  'signal-link', // links a device to a Signal account: who gets one acted on reads everything from then on
  'signal-number',
  'signal-contact',
  'signal-group',
  'signal-other',
  'openpgp-key',
  'openpgp-invite',
  'openpgp-group',
  'nostr-key',
  'nostr-invite',
  'nostr-secret', // a secret key: who has it is the account
  'nostr-other',
  'mail-address',
  'web-address',
  'unknown', // no code that is known here: a name, a number, other text
] as const;
export type CodeKind = (typeof codeKinds)[number];

/** What is scanned to check somebody, by the network it is of. */
export const comparedCodes = {
  email: ['openpgp-key', 'openpgp-invite'],
  signal: ['signal-number'],
  nostr: ['nostr-key', 'nostr-invite'],
} as const satisfies Record<string, readonly CodeKind[]>;

/** What starts a conversation beside names and numbers, by the network it is of. */
export const chatCodes: Readonly<Record<NetworkId, readonly CodeKind[]>> = {
  email: ['mail-address', 'openpgp-invite'],
  signal: [],
  nostr: ['nostr-key', 'nostr-invite'],
  dummy: [],
};

/** Most bytes of a code: more than the largest QR code holds (2953). */
export const MAX_CODE = 4_000;

/** Signal's safety number as text: 60 digits. */
const DIGITS = /^\d{60}$/u;
/** An e-mail address, with or without `mailto:`. Rough on purpose: only its kind is asked. */
const MAIL = /^(?:mailto:)?[^\s@:/]+@[^\s@:/]+$/iu;

/** Forms of text, the first that fits counts; prefixes are told without regard to case, as QR codes may be in capitals. */
const forms: readonly (readonly [RegExp, CodeKind])[] = [
  [/^(?:sgnl:\/*linkdevice|tsdevice:)/iu, 'signal-link'],
  [/^(?:https:\/\/|sgnl:\/\/)signal\.me(?:[/#?]|$)/iu, 'signal-contact'],
  [/^(?:https:\/\/|sgnl:\/\/)signal\.group(?:[/#?]|$)/iu, 'signal-group'],
  [/^(?:sgnl:|https:\/\/signal\.(?:art|link|tube)(?:[/#?]|$))/iu, 'signal-other'],
  [/^(?:nostr:(?:\/\/)?)?npub1/iu, 'nostr-key'],
  [/^(?:nostr:(?:\/\/)?)?nprofile1/iu, 'nostr-invite'],
  [/^(?:nostr:(?:\/\/)?)?(?:nsec|ncryptsec)1/iu, 'nostr-secret'],
  [/^nostr:|^(?:note|nevent|naddr|nrelay)1[02-9ac-hj-np-z]+$/iu, 'nostr-other'],
  [MAIL, 'mail-address'],
];

/** Delta Chat's codes: `OPENPGP4FPR:…` and `https://i.delta.chat/#…`, a fingerprint and what follows it. */
const OPENPGP = /^(?:https:\/\/i\.delta\.chat\/(?:#|%23)|openpgp4fpr:)([0-9a-f]+)(?:(?:[&#]|%23)(.*))?$/iu;
/** One of theirs without a fingerprint is a damaged invitation, and no page to look at: who reads it says so. */
const OPENPGP_BROKEN = /^https:\/\/i\.delta\.chat\/(?:#|%23)/iu;
/** Parameters that only codes of groups, channels and their like have. */
const OF_GROUPS = ['x', 'g', 'b', 'j'] as const;

/** What kind of code a text is, or the bytes of a scanned QR code. Never throws; spaces around a text do not count. */
export function recognise(code: string | Uint8Array): CodeKind {
  if (typeof code !== 'string') {
    if (isSignalNumber(code)) return 'signal-number';
    const text = codeText(code);
    return text === null ? 'unknown' : recognise(text);
  }
  const text = code.trim();
  if (text.length > MAX_CODE) return 'unknown';
  if (DIGITS.test(text.replace(/\s/gu, ''))) return 'signal-number';
  const openpgp = readOpenPgpCode(text);
  if (openpgp) return openPgpKind(openpgp.parameters);
  if (OPENPGP_BROKEN.test(text)) return 'openpgp-invite';
  for (const [form, kind] of forms) if (form.test(text)) return kind;
  return /^https?:\/\//iu.test(text) ? 'web-address' : 'unknown';
}

/** The two parts of one of Delta Chat's codes, unjudged: a fingerprint in hex, and its parameters; null for what has not that form. */
export function readOpenPgpCode(
  text: string,
): { readonly fingerprint: string; readonly parameters: URLSearchParams } | null {
  const code = OPENPGP.exec(text.trim());
  return code && { fingerprint: code[1] ?? '', parameters: new URLSearchParams(code[2]) };
}

function openPgpKind(parameters: URLSearchParams): CodeKind {
  if (OF_GROUPS.some((name) => parameters.has(name))) return 'openpgp-group';
  return parameters.has('i') || parameters.has('s') ? 'openpgp-invite' : 'openpgp-key';
}

/** The text of a scanned code; null for one that is none, or too long. */
export function codeText(code: Uint8Array): string | null {
  if (code.byteLength > MAX_CODE) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(code);
  } catch {
    return null;
  }
}

/**
 * Whether bytes have the form of the QR code of Signal's safety number: `CombinedFingerprints` of libsignal's fingerprint.proto, a
 * version and the two hashes of 32 bytes, each in a message of its own. Signal's programs write the fields in this order.
 */
function isSignalNumber(code: Uint8Array): boolean {
  const half = (at: number, field: number): boolean =>
    [field, 0x22, 0x0a, 0x20].every((byte, offset) => code[at + offset] === byte);
  return (
    code.byteLength === 74 && code[0] === 0x08 && (code[1] ?? 0) < 0x80 && half(2, 0x12) && half(38, 0x1a)
  );
}
