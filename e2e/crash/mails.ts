import { randomUUID } from 'node:crypto';
import { parseAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import { readCertificate, type Certificate } from '../../crypto/openpgp/certificate.ts';
import { letterOf, sealedMail, type Writer } from '../../networks/email/test/writer.ts';

/** Who mails are sealed for. */
export interface Reader {
  readonly address: string;
  readonly certificate: Certificate;
}

/** Mails of one run and what each says. */
export interface Texts {
  readonly run: string;
  readonly texts: readonly string[];
}

const SENTENCES = [
  'The train was late again, so I walked the last part along the river.',
  'Could you bring the blue folder on Thursday? It lies on the desk by the window.',
  'Yes.',
  'We measured it twice and got 4.2 both times, which nobody had expected.',
  'Grüße aus Köln – das Wetter hält, und morgen fahren wir weiter.',
  'I will call you tonight after eight, unless the meeting takes longer than planned.',
];

/** A word of its own for each mail: by it the mail is searched. */
export const wordOf = (run: string, at: number): string => `${run}x${String(at).padStart(6, '0')}`;

/** The words of `count` mails: one to three sentences each and a word no other mail has. */
export function makeTexts(count: number): Texts {
  const run = `w${randomUUID().slice(0, 8)}`;
  const texts = Array.from({ length: count }, (_, at) => {
    const said = Array.from({ length: 1 + (at % 3) }, (_none, of) => SENTENCES[(at + of) % SENTENCES.length]);
    return [...said, wordOf(run, at)].join(' ');
  });
  return { run, texts };
}

/** Signs these texts with one key, seals each for one reader, and wraps it as a chat program does. */
export async function writeMails(
  writer: Writer,
  reader: Reader,
  texts: readonly string[],
): Promise<readonly Uint8Array[]> {
  const mails: Uint8Array[] = [];
  for (const text of texts)
    mails.push(await sealedMail(writer, letterOf(writer, reader.address, text), [reader.certificate]));
  return mails;
}

/** The certificate a mail in the clear brings along (Autocrypt). @throws Error when there is none. */
export async function certificateIn(raw: Uint8Array): Promise<Certificate> {
  const head = Buffer.from(raw).toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  const value = /^Autocrypt: (.*)$/im.exec(head.replace(/\r\n[ \t]/g, ' '))?.[1] ?? '';
  return certificateOf(parseAutocrypt(value)?.keydata);
}

/** The certificate in a contact card (vCard 4.0, RFC 6350 §6.8.1). @throws Error when there is none. */
export async function certificateInCard(card: string): Promise<Certificate> {
  const unfolded = card.replace(/\r?\n[ \t]/g, '');
  const base64 = /^KEY:data:application\/pgp-keys;base64\\?,(.*)$/m.exec(unfolded)?.[1];
  return certificateOf(base64 === undefined ? undefined : Buffer.from(base64, 'base64'));
}

async function certificateOf(bytes: Uint8Array | undefined): Promise<Certificate> {
  const read = bytes && (await readCertificate(bytes, Date.now()));
  if (read?.kind !== 'certificate') throw new Error('no certificate came along');
  return read.certificate;
}
