/**
 * The last thing before the socket. It reads the finished bytes with a parser of its own: it shares no code with what built them, so a mistake
 * there cannot blind it here. What it does not know it stops.
 */
import type { EgressGuard, EverEndToEnd } from '../../shared/lane/guard.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { sealedFault } from './guard-armor.ts';
import { guardParse, type GuardMail } from './guard-mail.ts';

/** Everything this lane may ever put on the wire. Bytes and envelope are checked against what the operation allows. */
export type Operation =
  /** A message, reaction, receipt or handshake step, sealed to keys. */
  | {
      readonly kind: 'sealed-mail';
      readonly conversation: ConversationId | null;
      readonly from: string;
      readonly to: readonly string[];
      readonly messageId: string;
      readonly bytes: Uint8Array;
    }
  /** A step of SecureJoin v3, sealed under the secret of the invitation; bound to no conversation yet. */
  | {
      readonly kind: 'secure-join-request';
      readonly from: string;
      readonly to: readonly string[];
      readonly messageId: string;
      readonly bytes: Uint8Array;
    }
  /** A mail without encryption, in a conversation the person opened that way. */
  | {
      readonly kind: 'plain-mail';
      readonly conversation: ConversationId;
      /** The person opened this conversation without encryption. */
      readonly consented: boolean;
      readonly from: string;
      readonly to: readonly string[];
      readonly messageId: string;
      readonly bytes: Uint8Array;
    };

/** Larger mails are never sent by this version. */
const MAIL_LIMIT_BYTES = 2 * 1024 * 1024;

const SEALED_FIELDS: ReadonlySet<string> = new Set([
  'content-type',
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'chat-version',
  'mime-version',
]);
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  ...SEALED_FIELDS,
  'in-reply-to',
  'references',
  'autocrypt',
  'content-transfer-encoding',
]);

const sealedDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/;

/** Why a mail may not go out; null when it may. Words for the developer's log, nothing of the mail in them. */
function fault(operation: Operation, everEndToEnd: EverEndToEnd): string | null {
  if (operation.bytes.length > MAIL_LIMIT_BYTES) return 'too large';
  if (operation.to.length !== 1) return 'not one recipient';
  const mail = guardParse(operation.bytes);
  if (mail === null) return 'does not parse';
  switch (operation.kind) {
    case 'sealed-mail':
      return commonFault(operation, mail, SEALED_FIELDS) ?? sealedMailFault(operation, mail, 'keys');
    case 'secure-join-request':
      return commonFault(operation, mail, SEALED_FIELDS) ?? sealedMailFault(operation, mail, 'password');
    case 'plain-mail':
      if (everEndToEnd(operation.conversation)) return 'conversation was end to end';
      if (!operation.consented) return 'nobody agreed to send without encryption';
      return commonFault(operation, mail, PLAIN_FIELDS) ?? plainMailFault(operation, mail);
    default:
      return 'unknown operation';
  }
}

function commonFault(operation: Operation, mail: GuardMail, allowed: ReadonlySet<string>): string | null {
  for (const [name, values] of mail.fields) {
    if (!allowed.has(name)) return 'field not allowed';
    if (values.length !== 1) return 'field twice';
  }
  if (mail.value('mime-version') !== '1.0') return 'mime version';
  if (addressIn(mail.value('from')) !== operation.from) return 'sender is not the account';
  if (mail.value('message-id') !== `<${operation.messageId}>`) return 'message id';
  if (!sealedDate.test(mail.value('date') ?? '')) return 'date';
  const chat = mail.value('chat-version');
  return chat === null || chat === '1.0' ? null : 'chat version';
}

/** The address in a From field this guard accepts: `<a@b>` or `"name" <a@b>` (or encoded words before the bracket). */
function addressIn(value: string | null): string | null {
  return /^[^<>]*<([^<>\s]+)>$/.exec(value ?? '')?.[1] ?? null;
}

function sealedMailFault(
  operation: Operation,
  mail: GuardMail,
  sealedTo: 'keys' | 'password',
): string | null {
  if (mail.value('from') !== `<${operation.from}>`) return 'name outside';
  if (mail.value('subject') !== '[...]') return 'subject outside';
  const to = mail.value('to');
  if (to !== '"hidden-recipients": ;' && to !== `<${operation.to[0]}>`) return 'recipient outside';
  const boundary =
    /^multipart\/encrypted; protocol="application\/pgp-encrypted"; boundary="([0-9a-f]{16,70})"$/.exec(
      mail.value('content-type') ?? '',
    )?.[1];
  if (boundary === undefined) return 'not multipart/encrypted';
  const open = `--${boundary}\r\n`;
  const before = `${open}Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n${open}Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n`;
  const after = `\r\n--${boundary}--\r\n`;
  // Exact text around the armor: no preamble, no epilogue, no third part, nowhere for a word to stand.
  if (!mail.body.startsWith(before) || !mail.body.endsWith(after)) return 'not two parts';
  return sealedFault(mail.body.slice(before.length, -after.length), sealedTo);
}

function plainMailFault(operation: Operation, mail: GuardMail): string | null {
  if (mail.value('to') !== `<${operation.to[0]}>`) return 'recipient outside';
  const type = mail.value('content-type') ?? '';
  return /^(?:text\/plain|multipart\/mixed|multipart\/report);/.test(type) ? null : 'content type';
}

const passed = new WeakSet<object>();

/** Bytes the guard has let through, with their envelope. Only {@link guard} makes them; the transport takes nothing else. */
export interface Passed {
  readonly from: string;
  readonly to: readonly string[];
  readonly bytes: Uint8Array;
}

/** True for a value that came out of {@link guard} itself; a look-alike is refused. */
export function isPassed(value: Passed): boolean {
  return passed.has(value);
}

/** The guard as the shared interface has it. */
export const emailGuard: EgressGuard<Operation> = {
  check(operation, everEndToEnd) {
    const stop = fault(operation, everEndToEnd);
    return stop === null ? 'pass' : { stop };
  },
};

/**
 * Checks an operation and, when it may go out, gives the only value the transport accepts. The bytes are copied, so that nobody changes them
 * after the check.
 */
export function guard(
  operation: Operation,
  everEndToEnd: EverEndToEnd,
): { readonly kind: 'pass'; readonly mail: Passed } | { readonly kind: 'stop'; readonly why: string } {
  const bytes = Uint8Array.from(operation.bytes);
  const verdict = emailGuard.check({ ...operation, bytes }, everEndToEnd);
  if (verdict !== 'pass') return { kind: 'stop', why: verdict.stop };
  const mail: Passed = Object.freeze({ from: operation.from, to: [...operation.to], bytes });
  passed.add(mail);
  return { kind: 'pass', mail };
}
