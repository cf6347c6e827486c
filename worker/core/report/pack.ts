import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { ReportContents } from '../../../shared/contract/report.ts';

/**
 * A report as a file: its contents, their SHA-256, and a signature by a key made for this one file and thrown away. It shows that
 * nothing was changed since it was made, to whoever has the SHA-256 from elsewhere. It does not show who made it, nor that anybody wrote
 * what it says: whoever has the program can make another.
 */
const FORMAT = 'plainseal-report/1';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** JSON in one form alone, by RFC 8785 for what is in a report: members by name, no blanks, whole numbers. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`).join(',')}}`;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The SHA-256 of contents as they stand in the file, in hex. */
export const digestOf = (contents: ReportContents): string => sha256(canonical(contents as unknown as Json));

/** Makes the file. */
export function packReport(contents: ReportContents): Uint8Array {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('hex');
  const signed = {
    contents: contents as unknown as Json,
    format: FORMAT,
    key,
    sha256: digestOf(contents),
  };
  const signature = sign(null, Buffer.from(canonical(signed)), privateKey).toString('hex');
  return Buffer.from(canonical({ ...signed, signature }));
}

/** The SHA-256 of the contents of a file that is as it was made, byte by byte; null for any other. */
export function verifyReport(file: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
    const whole = JSON.parse(text) as { readonly [name: string]: Json };
    const { signature, ...signed } = whole;
    const { contents, format, key, sha256: told } = signed;
    if (Object.keys(whole).length !== 5 || format !== FORMAT || contents === undefined) return null;
    if (typeof signature !== 'string' || typeof key !== 'string' || typeof told !== 'string') return null;
    // One file has one form: what reads the same and is written otherwise was changed.
    if (canonical(whole) !== text || !/^[0-9a-f]{128}$/.test(signature)) return null;
    if (sha256(canonical(contents)) !== told) return null;
    const publicKey = createPublicKey({ key: Buffer.from(key, 'hex'), format: 'der', type: 'spki' });
    if (publicKey.asymmetricKeyType !== 'ed25519') return null;
    if (publicKey.export({ format: 'der', type: 'spki' }).toString('hex') !== key) return null;
    return verify(null, Buffer.from(canonical(signed)), publicKey, Buffer.from(signature, 'hex'))
      ? told
      : null;
  } catch {
    return null;
  }
}
