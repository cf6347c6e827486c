import { bech32 } from '@scure/base';
import { fromHex } from './hex.ts';
import { publicKeyFromBytes, secretKeyFrom, type PublicKey, type SecretKey } from './keys.ts';
import { readRelayUrl, type RelayUrl } from './relay-url.ts';

/** Keys as people hand them on (NIP-19): bech32 with a word in front that says what it is. */
export type KeyCode =
  | { readonly kind: 'npub'; readonly key: PublicKey }
  | { readonly kind: 'nprofile'; readonly key: PublicKey; readonly relays: readonly RelayUrl[] }
  | { readonly kind: 'nsec'; readonly secret: SecretKey };

/** NIP-19 says 5000; an nprofile of ours is far below. Characters. */
const MAX_CHARACTERS = 5_000;
/** Hints of a stranger: more would only tell more relays who looks for whom. */
const MAX_RELAYS = 8;
const KEY_BYTES = 32;
const TLV_KEY = 0;
const TLV_RELAY = 1;

const encode = (prefix: string, bytes: Uint8Array): string =>
  bech32.encode(prefix, bech32.toWords(bytes), MAX_CHARACTERS);

/** `npub1…` */
export function npub(key: PublicKey): string {
  return encode('npub', fromHex(key));
}

/** `nsec1…`: the account itself. Shown in the shell's own window only. */
export function nsec(secret: SecretKey): string {
  return encode('nsec', secret);
}

/** `nprofile1…`: a key with the relays it is found at. */
export function nprofile(key: PublicKey, relays: readonly RelayUrl[]): string {
  const hints = relays.slice(0, MAX_RELAYS).map((relay) => Buffer.from(relay, 'utf8'));
  // The length of an entry is one byte.
  const entries = hints.filter(({ length }) => length < 256).map((hint) => tlv(TLV_RELAY, hint));
  return encode('nprofile', Buffer.concat([tlv(TLV_KEY, fromHex(key)), ...entries]));
}

const tlv = (type: number, value: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(type, value.length), value]);

/**
 * Reads npub, nprofile or nsec, also with `nostr:` in front (NIP-21), in upper case as QR codes prefer it, and with spaces
 * around. Null for everything else.
 */
export function readKeyCode(text: string): KeyCode | null {
  const code = text.trim().replace(/^nostr:(?:\/\/)?/i, '');
  if (code.length > MAX_CHARACTERS) return null;
  const decoded = bech32.decodeUnsafe(code, MAX_CHARACTERS);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  if (!decoded || !bytes) return null;
  switch (decoded.prefix) {
    case 'npub': {
      const key = publicKeyFromBytes(bytes);
      return key && { kind: 'npub', key };
    }
    case 'nsec': {
      const secret = secretKeyFrom(bytes);
      return secret && { kind: 'nsec', secret };
    }
    case 'nprofile':
      return readProfile(bytes);
    default:
      return null;
  }
}

function readProfile(bytes: Uint8Array): KeyCode | null {
  let key: PublicKey | null = null;
  const relays: RelayUrl[] = [];
  for (let at = 0; at < bytes.length;) {
    const [type, length] = [bytes[at], bytes[at + 1]];
    if (length === undefined || at + 2 + length > bytes.length) return null;
    const value = bytes.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    if (type === TLV_KEY) {
      // Two keys in one code would let the reader and the shower mean different people.
      if (key !== null || length !== KEY_BYTES) return null;
      key = publicKeyFromBytes(value);
      if (key === null) return null;
    } else if (type === TLV_RELAY) {
      const relay = readRelayUrl(Buffer.from(value).toString('utf8'));
      if (relay !== null && relays.length < MAX_RELAYS && !relays.includes(relay)) relays.push(relay);
    }
    // Entries of other types are for later versions (NIP-19).
  }
  return key && { kind: 'nprofile', key, relays };
}
