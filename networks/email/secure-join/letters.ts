import * as v from 'valibot';
import type { Millis } from '../../../shared/ids.ts';
import { formatAutocrypt } from '../../../crypto/openpgp/autocrypt.ts';
import type { Certificate } from '../../../crypto/openpgp/certificate.ts';
import type { AccountRecord } from '../account-record.ts';
import { CHAT_VERSION } from '../chat.ts';
import type { HeaderLine } from '../header-field.ts';
import type { Letter } from '../letter.ts';

/** The steps we send, as they stand in the outbox. */
export const joinOps = [
  'secure-join/vc-request-pubkey',
  'secure-join/vc-pubkey',
  'secure-join/vc-request-with-auth',
  'secure-join/vc-contact-confirm',
] as const;
export type JoinOp = (typeof joinOps)[number];

/** The data of a step in the outbox: which invitation, and to whom where the invitation does not say. */
export interface JoinData {
  readonly auth: string;
  readonly to?: string;
  readonly fingerprint?: string;
}

const dataSchema = v.strictObject({
  auth: v.string(),
  to: v.exactOptional(v.string()),
  fingerprint: v.exactOptional(v.string()),
});

export function protocolData(data: JoinData): Uint8Array {
  return Buffer.from(JSON.stringify(data), 'utf8');
}

/** Null when the bytes are no such data. */
export function readProtocolData(bytes: Uint8Array): JoinData | null {
  try {
    const read = v.safeParse(dataSchema, JSON.parse(Buffer.from(bytes).toString('utf8')));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}

/** True for a step that is sealed under the secret of the invitation and not to a key. */
export function isPasswordOp(op: string): boolean {
  return op === 'secure-join/vc-request-pubkey' || op === 'secure-join/vc-pubkey';
}

interface Common {
  readonly account: AccountRecord;
  readonly own: Certificate;
  readonly to: string;
  readonly messageId: string;
  readonly sentAt: Millis;
}

const autocrypt = (of: Common): HeaderLine => [
  'Autocrypt',
  formatAutocrypt({ address: of.account.address, keydata: of.own.bytes, preferEncrypt: 'mutual' }),
];

function letter(of: Common, name: string, text: string, fields: readonly HeaderLine[]): Letter {
  return {
    from: { address: of.account.address, name },
    to: of.to,
    subject: 'Secure-Join',
    messageId: of.messageId,
    sentAt: of.sentAt,
    fields,
    body: { kind: 'text', text },
  };
}

/** "Send me your key": tells nothing of us but the address (an anonymous first message). */
export function requestKeyLetter(of: Common, auth: string): Letter {
  return letter(of, '', 'Secure-Join', [
    ['Secure-Join', 'vc-request-pubkey'],
    ['Secure-Join-Auth', auth],
  ]);
}

/** "Here is my key", signed by it. */
export function keyLetter(of: Common, auth: string): Letter {
  return letter(of, '', 'Secure-Join', [
    autocrypt(of),
    ['Secure-Join', 'vc-pubkey'],
    ['Secure-Join-Auth', auth],
  ]);
}

/** Delta Chat takes the next two only when they hold the recipient's own key: proof that they are meant for it. */
function gossip(of: Common, theirs: Certificate): HeaderLine {
  return ['Autocrypt-Gossip', formatAutocrypt({ address: of.to, keydata: theirs.bytes })];
}

/** "I know the secret, and this is my key." */
export function proofLetter(of: Common, auth: string, theirs: Certificate): Letter {
  return letter(of, of.account.displayName, 'Secure-Join: vc-request-with-auth', [
    CHAT_VERSION,
    autocrypt(of),
    gossip(of, theirs),
    ['Secure-Join', 'vc-request-with-auth'],
    ['Secure-Join-Auth', auth],
    ['Secure-Join-Fingerprint', of.own.fingerprint],
  ]);
}

/** "I have checked you." */
export function confirmLetter(of: Common, theirs: Certificate): Letter {
  return letter(of, of.account.displayName, 'Secure-Join: vc-contact-confirm', [
    CHAT_VERSION,
    autocrypt(of),
    gossip(of, theirs),
    ['Secure-Join', 'vc-contact-confirm'],
  ]);
}
