import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { PlainsealError } from '../shared/errors.ts';
import { readSmallFile, writePrivateFile } from './durable-file.ts';
import type { ProfileInfo } from './profile.ts';
import { readProfile } from './profile.ts';

/** How the database key of a profile is kept; in the profile folder. */
export const KEY_FILE = 'key.json';
const MAX_HEADER_BYTES = 16 * 1024;
const HEADER_VERSION = 1;
/** Bytes of the value that tells a right key from a wrong one. */
const CHECK_BYTES = 16;

/**
 * Bounds of what a header may ask of Argon2id: a hostile one must not take the machine's memory or minutes of its time,
 * and a weakened one must not go unnoticed. KiB, passes, lanes.
 */
export const argon2Bounds = {
  memoryKib: { min: 19 * 1024, max: 1024 * 1024 },
  passes: { min: 1, max: 16 },
  lanes: { min: 1, max: 16 },
} as const;

/** The cost of Argon2id (RFC 9106). */
export type Argon2Cost = { readonly memoryKib: number; readonly passes: number; readonly lanes: number };

/** The database key under AES-256-GCM, `wrapped` with its tag. */
export type SealedKey = { readonly nonce: Uint8Array; readonly wrapped: Uint8Array };

/**
 * The versioned header. `phrase`: the key under a recovery phrase too (recovery-phrase.ts), where one was made. `check` proves a key without opening the database and binds it to this profile and its kind.
 * - `keyring`: `wrapped` is opaque, made and opened by the system's keyring; `backend` is the keyring's name.
 * - `passphrase`: AES-256-GCM (`nonce`, `wrapped` with its tag) under Argon2id of the passphrase.
 * - `test`: the key lies beside it in a file of mode 0600. Test profiles only.
 */
export type KeyHeader = { readonly phrase?: SealedKey } & (
  | {
      readonly version: 1;
      readonly kind: 'keyring';
      readonly backend: string;
      readonly wrapped: Uint8Array;
      readonly check: Uint8Array;
    }
  | {
      readonly version: 1;
      readonly kind: 'passphrase';
      readonly cost: Argon2Cost;
      readonly salt: Uint8Array;
      readonly nonce: Uint8Array;
      readonly wrapped: Uint8Array;
      readonly check: Uint8Array;
    }
  | { readonly version: 1; readonly kind: 'test'; readonly check: Uint8Array }
);

const bytesOf = (min: number, max: number): v.GenericSchema<string, Uint8Array> =>
  v.pipe(
    v.string(),
    v.maxLength(Math.ceil(max / 3) * 4),
    v.base64(),
    v.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
    v.check((bytes) => bytes.byteLength >= min && bytes.byteLength <= max),
  );
const exactly = (length: number): v.GenericSchema<string, Uint8Array> => bytesOf(length, length);
const between = (bounds: { readonly min: number; readonly max: number }): v.GenericSchema<number, number> =>
  v.pipe(v.number(), v.integer(), v.minValue(bounds.min), v.maxValue(bounds.max));

const version = v.literal(HEADER_VERSION);
const check = exactly(CHECK_BYTES);
const nonce = exactly(12);
const wrapped = exactly(32 + 16);
const phrase = v.exactOptional(v.strictObject({ nonce, wrapped }));
const headerSchema: v.GenericSchema<unknown, KeyHeader> = v.variant('kind', [
  v.strictObject({
    version,
    kind: v.literal('keyring'),
    backend: v.pipe(v.string(), v.maxLength(64)),
    wrapped: bytesOf(1, 8 * 1024),
    check,
    phrase,
  }),
  v.strictObject({
    version,
    kind: v.literal('passphrase'),
    cost: v.strictObject({
      memoryKib: between(argon2Bounds.memoryKib),
      passes: between(argon2Bounds.passes),
      lanes: between(argon2Bounds.lanes),
    }),
    salt: bytesOf(16, 64),
    nonce,
    wrapped,
    check,
    phrase,
  }),
  v.strictObject({ version, kind: v.literal('test'), check, phrase }),
]) as v.GenericSchema<unknown, KeyHeader>;

/**
 * Reads a header. Nothing costly happens before all of it was checked.
 * @throws PlainsealError `newer-schema` for a later version, `corrupt` for anything else that is not a header.
 */
export function parseKeyHeader(bytes: Uint8Array): KeyHeader {
  if (bytes.byteLength > MAX_HEADER_BYTES) throw new PlainsealError('corrupt', 'the key header is too large');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PlainsealError('corrupt', 'the key header is damaged', { cause });
  }
  const later = v.object({ version: v.pipe(v.number(), v.integer(), v.minValue(HEADER_VERSION + 1)) });
  if (v.safeParse(later, json).success)
    throw new PlainsealError('newer-schema', 'the key header was made by a newer Plainseal');
  const parsed = v.safeParse(headerSchema, json);
  if (!parsed.success) throw new PlainsealError('corrupt', 'the key header is damaged');
  return parsed.output;
}

/** The header as it is written: JSON, bytes in base64. */
export function formatKeyHeader(header: KeyHeader): Uint8Array {
  const text = JSON.stringify(header, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  return new TextEncoder().encode(`${text}\n`);
}

/**
 * The header of a profile, or null where its key was never kept.
 * @throws PlainsealError as `parseKeyHeader`; `refused` for a test key in a live profile.
 */
export function readKeyHeader(folder: string): KeyHeader | null {
  const bytes = readSmallFile(join(folder, KEY_FILE), MAX_HEADER_BYTES);
  if (bytes === null) return null;
  const header = parseKeyHeader(bytes);
  refuseTestKey(readProfile(folder), header);
  return header;
}

/**
 * Replaces what keeps the key of a profile. The key itself stays, so a new passphrase needs no new database, and a recovery phrase
 * goes on opening it.
 * @throws PlainsealError `refused` for a test key in a live profile; `disk-full`, `read-only`, `io`; what reading the header throws.
 */
export function writeKeyHeader(folder: string, header: KeyHeader): void {
  refuseTestKey(readProfile(folder), header);
  const kept = readKeyHeader(folder)?.phrase;
  write(folder, kept ? { ...header, phrase: kept } : header);
}

/**
 * Puts the wrap of a new recovery phrase in the place of the one before.
 * @throws PlainsealError `wrong-key` without a header; `disk-full`, `read-only`, `io`.
 */
export function writePhrase(folder: string, made: SealedKey): void {
  const header = readKeyHeader(folder);
  if (header === null) throw new PlainsealError('wrong-key', 'the key header is gone');
  write(folder, { ...header, phrase: made });
}

function write(folder: string, header: KeyHeader): void {
  writePrivateFile(join(folder, KEY_FILE), formatKeyHeader(header));
}

function refuseTestKey(profile: ProfileInfo, header: KeyHeader): void {
  if (header.kind === 'test' && profile.kind !== 'test')
    throw new PlainsealError('refused', 'a live profile cannot keep its key in a file');
}

/**
 * The value that tells a right key from a wrong one: HMAC-SHA-256 under the key over the profile's id and kind, cut to 16 bytes.
 * The key has 256 random bits, so the value gives nothing away; changing the kind in the profile file makes the key fail.
 */
export function keyCheck(key: Uint8Array, profile: ProfileInfo): Uint8Array {
  const mac = createHmac('sha256', key)
    .update(`plainseal key check 1|${profile.kind}|${profile.id}`)
    .digest();
  return new Uint8Array(mac.subarray(0, CHECK_BYTES));
}

/**
 * Refuses a key that is not the one this header was made for.
 * @throws PlainsealError `wrong-key`
 */
export function proveKey(header: KeyHeader, key: Uint8Array, profile: ProfileInfo): void {
  if (!timingSafeEqual(header.check, keyCheck(key, profile)))
    throw new PlainsealError('wrong-key', 'the key is not the one of this profile');
}

/** Whether a key is the one of the profile in `folder`; null where that cannot be told. */
export function keyMatches(folder: string, key: Uint8Array): boolean | null {
  try {
    const header = readKeyHeader(folder);
    return header === null ? null : timingSafeEqual(header.check, keyCheck(key, readProfile(folder)));
  } catch {
    return null;
  }
}
