import './metadata.ts';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Elliptic curve and digest of every throw-away certificate; both are in every TLS 1.2 and 1.3 stack. */
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const VALID_DAYS = 30;

/** What is wrong with a certificate, for tests that a client refuses it. */
export type CertificateFlaw = 'none' | 'other-authority' | 'wrong-host' | 'expired' | 'not-yet-valid';

/** A server certificate with its key, all PEM. `ca` is the authority a client is told to trust. */
export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A throw-away authority whose key lives in memory only. */
export interface CertificateAuthority {
  /** The authority's own certificate, PEM. */
  readonly ca: string;
  /** Issues a server certificate for localhost and the loopback addresses, with one flaw or none. */
  issue(flaw?: CertificateFlaw): Promise<Certificate>;
}

/** Makes a throw-away authority (RFC 5280 profile: P-256, SHA-256, valid for 30 days). */
export async function createAuthority(name = 'Plainseal test authority'): Promise<CertificateAuthority> {
  cryptoProvider.set(webcrypto as Crypto);
  const authority = await generateKeys();
  const subject = `CN=${name}`;
  const own = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + VALID_DAYS * DAY_MS),
    signingAlgorithm: KEY_ALGORITHM,
    publicKey: authority.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const ca = own.toString('pem');

  const issue = async (flaw: CertificateFlaw = 'none'): Promise<Certificate> => {
    if (flaw === 'other-authority') {
      // Same subject, other key: a client must check the signature, not the name.
      const stranger = await createAuthority(name);
      const { cert, key } = await stranger.issue();
      return { ca, cert, key };
    }
    const server = await generateKeys();
    const validity = validityOf(flaw);
    const hosts =
      flaw === 'wrong-host'
        ? [{ type: 'dns', value: 'elsewhere.invalid' } as const]
        : [
            { type: 'dns', value: 'localhost' } as const,
            { type: 'ip', value: '127.0.0.1' } as const,
            { type: 'ip', value: '::1' } as const,
          ];
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${hosts[0]?.value ?? 'localhost'}`,
      issuer: subject,
      ...validity,
      signingAlgorithm: KEY_ALGORITHM,
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(hosts),
      ],
    });
    const key = PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', server.privateKey),
      'PRIVATE KEY',
    );
    return { ca, cert: certificate.toString('pem'), key };
  };

  return { ca, issue };
}

/** Makes a throw-away authority and one server certificate for localhost, 127.0.0.1 and ::1. */
export async function createCertificate(flaw: CertificateFlaw = 'none'): Promise<Certificate> {
  return (await createAuthority()).issue(flaw);
}

function validityOf(flaw: CertificateFlaw): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  if (flaw === 'expired') {
    return { notBefore: new Date(now - 3 * DAY_MS), notAfter: new Date(now - 2 * DAY_MS) };
  }
  if (flaw === 'not-yet-valid') {
    return { notBefore: new Date(now + 2 * DAY_MS), notAfter: new Date(now + 3 * DAY_MS) };
  }
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + VALID_DAYS * DAY_MS) };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

/** 16 random bytes, hex; the first bit is cleared because a serial number is a positive integer. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return Buffer.from(bytes).toString('hex');
}
