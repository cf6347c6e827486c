import { verify, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { parseVersion } from './version.ts';

/** Which versions an installation gets; pinned when it is packaged. */
export const channels = ['stable', 'beta'] as const;
export type Channel = (typeof channels)[number];

/** Installations that can replace themselves, each with its own file. */
export const installKinds = [
  'appimage-x64',
  'appimage-arm64',
  'nsis-x64',
  'nsis-arm64',
  'dmg-universal',
] as const;
export type InstallKind = (typeof installKinds)[number];

/** Set before what is signed, so that no other signature of the same key is one of a manifest. */
const CONTEXT = Buffer.from('plainseal-update-1\n');
/** Ed25519's 64 bytes in base64. */
const SIGNATURE_LENGTH = 88;
/** What a server sends is not read any further. */
export const MAX_MANIFEST_BYTES = 64 * 1_024;
const MAX_FILE_BYTES = 1_024 ** 3;
/** A manifest is made anew before it ends: whoever holds back newer ones is found out by then. */
const MAX_VALID_MS = 92 * 86_400_000;

const fileSchema = v.object({
  /** Name below the manifest's own address: no folder, nothing a shell or a browser would read otherwise. */
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)),
  size: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_FILE_BYTES)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
const timeSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const manifestSchema = v.pipe(
  v.object({
    channel: v.picklist(channels),
    version: v.pipe(
      v.string(),
      v.check((text) => parseVersion(text) !== null),
    ),
    issuedAt: timeSchema,
    expiresAt: timeSchema,
    /** Percent of the installations that are offered it yet. */
    share: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
    /** By kind of installation; a later version may name kinds this one does not know. */
    files: v.record(v.string(), fileSchema),
  }),
  v.check(({ issuedAt, expiresAt }) => expiresAt > issuedAt && expiresAt - issuedAt <= MAX_VALID_MS),
);

/** What a channel offers, as its key's owner signed it. Times in epoch milliseconds. */
export type UpdateManifest = v.InferOutput<typeof manifestSchema>;
export type UpdateFile = v.InferOutput<typeof fileSchema>;

/** A manifest, or why there is none. */
export type ReadManifest =
  | { readonly kind: 'manifest'; readonly manifest: UpdateManifest }
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'unsigned' | 'malformed' };

/** The bytes a signature of a manifest is over. */
export const signedBytes = (body: Uint8Array): Buffer => Buffer.concat([CONTEXT, body]);

/** A manifest's body, as it is signed and sent. @throws valibot's error for what nobody would take. */
export const encodeManifest = (manifest: UpdateManifest): Buffer =>
  Buffer.from(JSON.stringify(v.parse(manifestSchema, manifest)));

/** What is put on the server: the signature in base64, a line end, the body. */
export const joinManifest = (signature: Uint8Array, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${Buffer.from(signature).toString('base64')}\n`), body]);

/**
 * Reads what a server sent. Nothing of it is looked at before the signature is this key's (RFC 8032, pure Ed25519); never
 * throws.
 */
export function readManifest(sent: Uint8Array, key: KeyObject): ReadManifest {
  if (sent.length > MAX_MANIFEST_BYTES) return { kind: 'refused', reason: 'too-large' };
  const head = Buffer.from(sent.subarray(0, SIGNATURE_LENGTH)).toString('latin1');
  const body = sent.subarray(SIGNATURE_LENGTH + 1);
  const isShaped = /^[A-Za-z0-9+/]{86}==$/.test(head) && sent[SIGNATURE_LENGTH] === 0x0a;
  if (!isShaped || key.asymmetricKeyType !== 'ed25519') return { kind: 'refused', reason: 'unsigned' };
  if (!verify(null, signedBytes(body), key, Buffer.from(head, 'base64')))
    return { kind: 'refused', reason: 'unsigned' };
  try {
    const parsed = v.safeParse(
      manifestSchema,
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)),
    );
    return parsed.success
      ? { kind: 'manifest', manifest: parsed.output }
      : { kind: 'refused', reason: 'malformed' };
  } catch {
    return { kind: 'refused', reason: 'malformed' };
  }
}
