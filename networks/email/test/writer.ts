import { formatAutocrypt } from '../../../crypto/openpgp/autocrypt.ts';
import type { Certificate } from '../../../crypto/openpgp/certificate.ts';
import { generateOwnKey, type OwnKey } from '../../../crypto/openpgp/keys.ts';
import { seal } from '../../../crypto/openpgp/seal.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { readSelf } from '../account-record.ts';
import { CHAT_VERSION } from '../chat.ts';
import type { HeaderLine } from '../header-field.ts';
import { protectLetter, type Letter, type LetterBody } from '../letter.ts';
import { wrapEncrypted } from '../pgp-mime.ts';
import type { Plainseal } from './world.ts';

/** Somebody with a key who writes mail by hand: also mail no honest program would write. */
export interface Writer {
  readonly address: string;
  readonly name: string;
  readonly key: OwnKey;
}

export async function createWriter(address: string, name = ''): Promise<Writer> {
  // Made a day ago, so that signatures of any moment of the test fit.
  return { address, name, key: await generateOwnKey({ address, now: Date.now() - 86_400_000 }) };
}

/** The certificate of the account under test. */
export async function certificateOf({ core }: Plainseal): Promise<Certificate> {
  return (await readSelf(createWork(core.context.view), Date.now())).key.certificate;
}

export const autocryptOf = ({ address, key }: Writer): HeaderLine => [
  'Autocrypt',
  formatAutocrypt({ address, keydata: key.certificate.bytes, preferEncrypt: 'mutual' }),
];

let last = 0;

/** A letter as a chat program would write it. */
export function letterOf(
  writer: Writer,
  to: string,
  body: LetterBody | string,
  more: Partial<Letter> = {},
): Letter {
  last += 1;
  return {
    from: { address: writer.address, name: writer.name },
    to,
    subject: `Message from ${writer.address}`,
    messageId: `letter-${last}-${process.pid}@example.org`,
    sentAt: Date.now() - 1_000,
    fields: [CHAT_VERSION, autocryptOf(writer)],
    body: typeof body === 'string' ? { kind: 'text', text: body } : body,
    ...more,
  };
}

export interface Sealing {
  /** Who signs in place of the writer. */
  readonly signedBy?: OwnKey;
  readonly hidden?: boolean;
  /** Changes what is sealed, after it was built. */
  readonly inner?: (inner: string) => string;
  /** Changes the armor. */
  readonly armored?: (armored: Uint8Array) => Uint8Array;
  /** Changes the outer header. */
  readonly outer?: (outer: readonly HeaderLine[]) => readonly HeaderLine[];
}

/** A letter, sealed to these certificates, as a whole mail. */
export async function sealedMail(
  writer: Writer,
  letter: Letter,
  to: readonly Certificate[],
  how: Sealing = {},
): Promise<Uint8Array> {
  const hidden = how.hidden ?? true;
  const { outer, inner } = protectLetter(letter, { hidden, chatVersion: true, now: Date.now(), random: 0.5 });
  const text = Buffer.from(inner).toString('utf8');
  const sealed = await seal({
    plaintext: how.inner ? Buffer.from(how.inner(text), 'utf8') : inner,
    from: how.signedBy ?? writer.key,
    to,
    hideRecipients: hidden,
    now: Date.now(),
  });
  if (sealed.kind === 'refused') throw new Error(`not sealed: ${sealed.why}`);
  const armored = how.armored ? how.armored(sealed.armored) : sealed.armored;
  return wrapEncrypted(how.outer ? how.outer(outer) : outer, armored);
}
