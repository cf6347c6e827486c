import * as v from 'valibot';
import data from './environments.json' with { type: 'json' };

/** Where one Signal service is and whom it trusts: live, staging, or a mock on this machine (test profiles only). Keys: 33 bytes. */
export type SignalEnvironment =
  | { readonly kind: 'live' | 'staging' }
  | {
      readonly kind: 'local';
      readonly port: number;
      /** DER. */
      readonly rootCertificate: Uint8Array;
      readonly trustRoots: readonly Uint8Array[];
      readonly serverPublicParams: Uint8Array;
    };

/** What follows from an environment. */
export type Endpoints = {
  /** Sealed-sender certificates count under one of these, and under nothing else. */
  readonly trustRoots: readonly Uint8Array[];
  readonly serverPublicParams: Uint8Array;
  /** Files, by the number of their content network. */
  readonly cdn: Readonly<Record<number, string>>;
  /** The authority that the content networks' certificates come from, PEM. */
  readonly authority: string;
};

const fromBase64 = (length?: number) =>
  v.pipe(
    v.string(),
    v.maxLength(8_000),
    v.transform((text) => Uint8Array.from(Buffer.from(text, 'base64'))),
    v.check((bytes) => bytes.length > 0 && (length === undefined || bytes.length === length)),
  );
const PUBLIC_KEY_BYTES = 33;
const trustRoots = v.pipe(v.array(fromBase64(PUBLIC_KEY_BYTES)), v.minLength(1), v.maxLength(8));
const url = v.pipe(v.string(), v.startsWith('https://'));

const published = v.object({
  cdnUrls: v.object({ '0': url, '2': url, '3': url }),
  serverTrustRoots: trustRoots,
  serverPublicParams: fromBase64(),
});
const dataSchema = v.object({
  rootCertificatePem: v.pipe(v.string(), v.startsWith('-----BEGIN CERTIFICATE-----')),
  production: published,
  staging: published,
});
/** The published constants, checked once: a slip in them is an error of the build, not of run time. */
const constants = v.parse(dataSchema, data);

/** The local server of a test profile, as its harness hands it over: JSON with base64. */
const localSchema = v.pipe(
  v.string(),
  v.maxLength(20_000),
  v.parseJson(),
  v.object({
    kind: v.literal('local'),
    port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    rootCertificate: fromBase64(),
    trustRoots,
    serverPublicParams: fromBase64(),
  }),
);

/** Reads a local environment; null for what is none. */
export function readLocalEnvironment(text: string): SignalEnvironment | null {
  const read = v.safeParse(localSchema, text);
  return read.success ? read.output : null;
}

/** Whether a profile may use an environment: a test profile knows its own server and no other, a live one Signal's and no other. */
export function fitsProfile(environment: SignalEnvironment, profile: 'live' | 'test'): boolean {
  return environment.kind === (profile === 'test' ? 'local' : 'live');
}

/** Whom an environment trusts and where its files lie. */
export function endpointsOf(environment: SignalEnvironment): Endpoints {
  if (environment.kind === 'local') {
    const at = `https://localhost:${environment.port}`;
    const base64 = Buffer.from(environment.rootCertificate).toString('base64');
    return {
      trustRoots: environment.trustRoots,
      serverPublicParams: environment.serverPublicParams,
      cdn: { 0: at, 2: at, 3: `${at}/cdn3` },
      authority: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    };
  }
  const known = environment.kind === 'live' ? constants.production : constants.staging;
  return {
    trustRoots: known.serverTrustRoots,
    serverPublicParams: known.serverPublicParams,
    cdn: { 0: known.cdnUrls['0'], 2: known.cdnUrls['2'], 3: known.cdnUrls['3'] },
    authority: constants.rootCertificatePem,
  };
}
