/**
 * The last thing before the socket. It reads the finished frame with a parser of its own: it shares no code with what built it, so a mistake
 * there cannot blind it here. What it does not know it stops. No operation carries anything unsealed that a person wrote.
 */
import type { EgressGuard } from '../../shared/lane/guard.ts';
import { guardParse, type GuardEvent, type GuardFrame } from './guard-frame.ts';
import { holdsMls, holdsText } from './guard-text.ts';

/** As whom a connection speaks: as the account, or as nobody, so that a relay cannot tell whose group or whose invitation it carries. */
export type Identity = 'account' | 'nobody';

/** Everything this lane may ever put on the wire. `text` is the whole frame; the rest is what it must be about. Keys and ids in hex. */
export type Operation =
  /** My key package, public: others can add me with it. */
  | { readonly kind: 'key-package'; readonly account: string; readonly text: string }
  /** My relays, public. */
  | { readonly kind: 'relay-list'; readonly account: string; readonly text: string }
  | { readonly kind: 'inbox-list'; readonly account: string; readonly text: string }
  /** An invitation, sealed to one account. */
  | { readonly kind: 'gift-wrap'; readonly account: string; readonly to: string; readonly text: string }
  /** An MLS message under the group's key of this epoch. */
  | {
      readonly kind: 'group-message';
      readonly account: string;
      readonly group: string;
      readonly text: string;
    }
  /** Proof to one relay who speaks: the account, or a key made for this connection. */
  | {
      readonly kind: 'account-auth' | 'nobody-auth';
      readonly account: string;
      readonly relay: string;
      readonly text: string;
    }
  /** Asks for my inbox, and for what I have published. */
  | { readonly kind: 'account-request'; readonly account: string; readonly text: string }
  /** Asks for groups, lists and key packages; names me nowhere. */
  | { readonly kind: 'nobody-request'; readonly account: string; readonly text: string }
  | { readonly kind: 'close'; readonly text: string };

/** Larger frames are never sent by this version. Characters. */
const FRAME_LIMIT = 128 * 1024;
const LIST_LIMIT = 50;
const ASK_LIMIT = 100;
const PAGE_LIMIT = 500;
/** The smallest MLS message there is comes to more. Bytes. */
const SEALED_MIN_BYTES = 92;
const MLS_KEY_PACKAGE = Buffer.from([0, 1, 0, 5]);
const NONCE_BYTES = 12;
const KEY_PACKAGE_TAGS =
  'app_components,d,i,mls_ciphersuite,mls_extensions,mls_proposals,mls_protocol_version';

const isHex = (text: unknown, digits: number): boolean =>
  typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/.test(text);

/** The bytes of base64 in its one spelling; null for anything else. */
function bytesOf(content: string): Buffer | null {
  const bytes = Buffer.from(content, 'base64');
  return bytes.toString('base64') === content ? bytes : null;
}

/** A frame that may go out, or why it may not: words for the developer's log, nothing of the frame in them. */
function judge(operation: Operation): GuardFrame | string {
  if (operation.text.length > FRAME_LIMIT) return 'too large';
  const frame = guardParse(operation.text);
  return frame === null ? 'does not parse' : (fault(operation, frame) ?? frame);
}

function fault(operation: Operation, frame: GuardFrame): string | null {
  switch (operation.kind) {
    case 'close':
      return frame.verb === 'CLOSE' ? null : 'not a close';
    case 'account-request':
    case 'nobody-request':
      return frame.verb === 'REQ' ? requestFault(frame, operation) : 'not a request';
    case 'account-auth':
    case 'nobody-auth':
      return frame.verb === 'AUTH' ? authFault(frame.event, operation) : 'not a proof';
    case 'key-package':
    case 'relay-list':
    case 'inbox-list':
    case 'gift-wrap':
    case 'group-message':
      return frame.verb === 'EVENT' ? eventFault(frame.event, operation) : 'not an event';
    default:
      return 'unknown operation';
  }
}

type EventOperation = Extract<
  Operation,
  { readonly kind: 'key-package' | 'relay-list' | 'inbox-list' | 'gift-wrap' | 'group-message' }
>;

function eventFault(event: GuardEvent, operation: EventOperation): string | null {
  const { account } = operation;
  switch (operation.kind) {
    case 'key-package':
      return event.kind === 30_443 ? keyPackageFault(event, account) : 'kind';
    case 'relay-list':
      return event.kind === 10_002 ? listFault(event, account, 'r') : 'kind';
    case 'inbox-list':
      return event.kind === 10_050 ? listFault(event, account, 'relay') : 'kind';
    case 'gift-wrap':
      return event.kind === 1059 ? wrapFault(event, account, operation.to) : 'kind';
    case 'group-message':
      return event.kind === 445 ? groupFault(event, operation) : 'kind';
  }
}

function keyPackageFault({ pubkey, tags, content }: GuardEvent, account: string): string | null {
  if (pubkey !== account) return 'author';
  if (
    tags
      .map(([name = '']) => name)
      .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .join() !== KEY_PACKAGE_TAGS
  )
    return 'tags';
  for (const [name, ...values] of tags) {
    const good = (value: string): boolean => {
      if (name === 'd' || name === 'i') return isHex(value, 64);
      return name === 'mls_protocol_version' ? value === '1.0' : /^0x[0-9a-f]{4}$/.test(value);
    };
    if (values.length === 0 || !values.every(good)) return 'tag value';
  }
  const bytes = bytesOf(content);
  if (bytes === null || !bytes.subarray(0, 4).equals(MLS_KEY_PACKAGE)) return 'not a key package';
  // Whose it is stands inside; what else is in there is public by nature.
  return bytes.includes(Buffer.from(account, 'hex')) ? null : 'not my key package';
}

function listFault({ pubkey, tags, content }: GuardEvent, account: string, name: string): string | null {
  if (pubkey !== account) return 'author';
  if (content !== '') return 'content in the clear';
  if (tags.length > LIST_LIMIT) return 'tags';
  const good = tags.every(([first, url, marker, ...more]) => {
    const marked = marker === undefined || (name === 'r' && (marker === 'read' || marker === 'write'));
    return first === name && /^wss?:\/\/[^\s@#]+$/.test(url ?? '') && marked && more.length === 0;
  });
  return good ? null : 'tag value';
}

function wrapFault({ pubkey, tags, content }: GuardEvent, account: string, to: string): string | null {
  if (pubkey === account) return 'signed as the account';
  if (tags.length !== 1 || tags[0]?.join() !== `p,${to}`) return 'recipient';
  const bytes = bytesOf(content);
  if (bytes === null || bytes[0] !== 2 || !isPadded(bytes.length - 67)) return 'not NIP-44';
  return holdsText(bytes) ? 'text in the clear' : null;
}

/** The lengths that NIP-44 pads to. */
function isPadded(length: number): boolean {
  if (length < 32 || length > 65_536) return false;
  return length % (length <= 256 ? 32 : 2 ** (Math.ceil(Math.log2(length)) - 3)) === 0;
}

function groupFault(
  { pubkey, tags, content }: GuardEvent,
  { account, group, text }: Extract<Operation, { readonly kind: 'group-message' }>,
): string | null {
  if (pubkey === account || text.includes(account)) return 'names the account';
  const [routing, expiration, ...more] = tags;
  if (routing?.join() !== `h,${group}` || more.length > 0) return 'tags';
  if (expiration && (expiration.length !== 2 || !/^expiration,[1-9]\d{8,10}$/.test(expiration.join())))
    return 'tags';
  const bytes = bytesOf(content);
  if (bytes === null || bytes.length < SEALED_MIN_BYTES) return 'not sealed';
  if (holdsMls(bytes, 0) || holdsMls(bytes, NONCE_BYTES)) return 'MLS message in the clear';
  return holdsText(bytes) ? 'text in the clear' : null;
}

function authFault(
  { pubkey, kind, tags, content }: GuardEvent,
  operation: Extract<Operation, { readonly kind: 'account-auth' | 'nobody-auth' }>,
): string | null {
  if (kind !== 22_242) return 'kind';
  if ((pubkey === operation.account) !== (operation.kind === 'account-auth')) return 'author';
  if (content !== '') return 'content in the clear';
  const [relay, challenge, ...more] = tags;
  if (relay?.length !== 2 || relay[0] !== 'relay' || relay[1] !== operation.relay) return 'relay';
  if (challenge?.length !== 2 || challenge[0] !== 'challenge' || (challenge[1] ?? '').length > 256)
    return 'challenge';
  return more.length > 0 ? 'tags' : null;
}

function requestFault(
  { filter }: Extract<GuardFrame, { readonly verb: 'REQ' }>,
  { kind, account, text }: Extract<Operation, { readonly kind: 'account-request' | 'nobody-request' }>,
): string | null {
  const { kinds, limit, since, until, ...rest } = filter;
  const count = (value: unknown, most: number): boolean =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
  if (!count(limit, PAGE_LIMIT)) return 'limit';
  for (const at of [since, until]) if (at !== undefined && !count(at, 253_402_300_799)) return 'time';
  const [condition, ...more] = Object.entries(rest);
  if (condition === undefined || more.length > 0) return 'conditions';
  const [name, values] = condition;
  if (!Array.isArray(values) || values.length === 0 || values.length > ASK_LIMIT) return 'conditions';
  if (!values.every((value) => isHex(value, 64))) return 'condition value';
  const asked = `${JSON.stringify(kinds)} ${name}`;
  if (kind === 'account-request') {
    const mine = asked === '[1059] #p' || asked === '[10002,10050,30443] authors';
    return mine && values.join() === account ? null : 'not mine';
  }
  if (text.includes(account)) return 'names the account';
  return ['[445] #h', '[10002,10050] authors', '[30443] authors'].includes(asked) ? null : 'not asked for';
}

const passed = new WeakSet<object>();

/** A frame the guard has let through. Only {@link guard} makes them; a connection sends nothing else. */
export interface Passed {
  readonly text: string;
  /** The id of the event in it, null for requests. */
  readonly event: string | null;
  /** As whom a connection must speak to send it; null: as anybody. */
  readonly identity: Identity | null;
  /** The only relay it may go to; null: any. */
  readonly relay: string | null;
}

/** True for a value that came out of {@link guard} itself; a look-alike is refused. */
export function isPassed(value: Passed): boolean {
  return passed.has(value);
}

/** The guard as the shared interface has it. Nothing here is ever sent in the clear, so it does not matter whether something was sealed before. */
export const nostrGuard: EgressGuard<Operation> = {
  check(operation) {
    const judged = judge(operation);
    return typeof judged === 'string' ? { stop: judged } : 'pass';
  },
};

/** As whom each operation goes out. */
const identities: Readonly<Record<Operation['kind'], Identity | null>> = {
  'key-package': 'account',
  'relay-list': 'account',
  'inbox-list': 'account',
  'gift-wrap': 'nobody',
  'group-message': 'nobody',
  'account-auth': 'account',
  'nobody-auth': 'nobody',
  'account-request': 'account',
  'nobody-request': 'nobody',
  close: null,
};

/** What the guard says of an operation. `why`: for the developer's log. */
export type Guarded =
  { readonly kind: 'pass'; readonly frame: Passed } | { readonly kind: 'stop'; readonly why: string };

/** Checks an operation and, when it may go out, gives the only value a connection sends. */
export function guard(operation: Operation): Guarded {
  const judged = judge(operation);
  if (typeof judged === 'string') return { kind: 'stop', why: judged };
  const frame: Passed = Object.freeze({
    text: operation.text,
    event: 'event' in judged ? judged.event.id : null,
    identity: identities[operation.kind],
    relay: 'relay' in operation ? operation.relay : null,
  });
  passed.add(frame);
  return { kind: 'pass', frame };
}
