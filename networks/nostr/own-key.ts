import { randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { bech32 } from '@scure/base';
import type { KeyRefusal } from '../../shared/lane/key.ts';
import type { KeyFile } from '../../shared/lane/lane.ts';
import { npub, nsec, readKeyCode } from './key-code.ts';
import { forget, publicKeyOf, secretKeyFrom, type SecretKey } from './keys.ts';

/**
 * The account's key outside of Plainseal: written down as nsec, or in a file under a passphrase (NIP-49). Who has the key has the
 * account; nobody can give a lost one back.
 */
const VERSION = 2;
/** scrypt's N is 2 to this: about 64 MiB and a third of a second. */
const LOG_N = 16;
/** What a file may ask for: 1 GiB. */
const MAX_LOG_N = 20;
const BLOCK_SIZE = 8;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const SEALED_BYTES = 32 + 16;
/** "Not known to have been handled insecurely": made here, or brought in under the person's care. */
const HANDLING_UNKNOWN = 2;
const PREFIX = 'ncryptsec';
const MAX_CHARACTERS = 300;
const MAX_TEXT_CHARACTERS = 10_000;

const derive = promisify<
  string,
  Uint8Array,
  number,
  { N: number; r: number; p: number; maxmem: number },
  Buffer
>(scrypt);

/** The key of a passphrase. Any spelling of a character gives the same (NFKC). */
function passphraseKey(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN;
  const maxmem = 256 * N * BLOCK_SIZE;
  return derive(passphrase.normalize('NFKC'), salt, 32, { N, r: BLOCK_SIZE, p: 1, maxmem });
}

/** The key as one writes it down, for the shell's own window. */
export function writtenKey(secret: SecretKey): string {
  return nsec(secret);
}

/** The key as a file under a passphrase: `ncryptsec1…`, which other Nostr programs read too. */
export async function exportKey(secret: SecretKey, passphrase: string): Promise<KeyFile> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const handling = Uint8Array.of(HANDLING_UNKNOWN);
  const key = await passphraseKey(passphrase, salt, LOG_N);
  const sealed = xchacha20poly1305(key, nonce, handling).encrypt(secret);
  key.fill(0);
  const bytes = Buffer.concat([Uint8Array.of(VERSION, LOG_N), salt, nonce, handling, sealed]);
  const code = bech32.encode(PREFIX, bech32.toWords(bytes), MAX_CHARACTERS);
  const name = `nostr-key-${npub(publicKeyOf(secret)).slice(0, 16)}.txt`;
  return { name, bytes: Buffer.from(`${code}\n`, 'utf8') };
}

export type ReadKey =
  | { readonly kind: 'secret'; readonly secret: SecretKey }
  | { readonly kind: 'refused'; readonly why: KeyRefusal };

const refused = (why: KeyRefusal): ReadKey => ({ kind: 'refused', why });

/** Reads a key the person brought: nsec, 64 hex digits, or ncryptsec with its passphrase. */
export async function readOwnKey(text: string, passphrase: string | null): Promise<ReadKey> {
  if (text.length > MAX_TEXT_CHARACTERS) return refused('too-large');
  const typed = text.trim().replace(/^nostr:/i, '');
  if (/^[0-9a-f]{64}$/i.test(typed)) {
    const secret = secretKeyFrom(Buffer.from(typed, 'hex'));
    return secret ? { kind: 'secret', secret } : refused('malformed');
  }
  if (typed.toLowerCase().startsWith(`${PREFIX}1`)) return openKey(typed, passphrase);
  const code = readKeyCode(typed);
  if (code === null) return refused('malformed');
  return code.kind === 'nsec' ? { kind: 'secret', secret: code.secret } : refused('not-secret');
}

async function openKey(text: string, passphrase: string | null): Promise<ReadKey> {
  const decoded = bech32.decodeUnsafe(text, MAX_CHARACTERS);
  const bytes = decoded?.prefix === PREFIX ? bech32.fromWordsUnsafe(decoded.words) : undefined;
  const head = 2 + SALT_BYTES + NONCE_BYTES;
  if (!bytes || bytes.length !== head + 1 + SEALED_BYTES) return refused('malformed');
  const [version, logN = 0] = bytes;
  if (version !== VERSION || logN < 1 || logN > MAX_LOG_N) return refused('unsupported');
  if (passphrase === null) return refused('passphrase-needed');
  const key = await passphraseKey(passphrase, bytes.subarray(2, 2 + SALT_BYTES), logN);
  const nonce = bytes.subarray(2 + SALT_BYTES, head);
  try {
    const opened = xchacha20poly1305(key, nonce, bytes.subarray(head, head + 1)).decrypt(
      bytes.subarray(head + 1),
    );
    const secret = secretKeyFrom(opened);
    forget(opened as SecretKey);
    return secret ? { kind: 'secret', secret } : refused('malformed');
  } catch {
    return refused('wrong-passphrase');
  } finally {
    key.fill(0);
  }
}
