import { hkdfSync, randomBytes } from 'node:crypto';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { PlainsealError } from '../shared/errors.ts';
import { KEY_BYTES } from './database.ts';
import { proveKey, readKeyHeader, writePhrase, type KeyHeader, type SealedKey } from './key-header.ts';
import { openSealedKey, sealKey } from './key-seal.ts';
import { readProfile, type ProfileInfo } from './profile.ts';

/** 256 bits and a checksum of 8: 24 words (BIP-39). */
const ENTROPY_BYTES = 32;
const PHRASE_WORDS = 24;
/** Names what the words are used for, so that the same words in another program open nothing of the same kind (RFC 5869, `info`). */
const PURPOSE = 'plainseal recovery phrase 1';

/** A fresh recovery phrase: 24 words of the English list of BIP-39, with single spaces. A secret; kept nowhere but by the person. */
export function newPhrase(): string {
  const entropy = new Uint8Array(randomBytes(ENTROPY_BYTES));
  const phrase = entropyToMnemonic(entropy, wordlist);
  entropy.fill(0);
  return phrase;
}

/** The words of what was typed: whatever stands between them, numbers of a list too, and whatever their case. */
export function wordsTyped(typed: string): readonly string[] {
  return (
    typed
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z]+/gu) ?? []
  );
}

/**
 * Keeps the database key of a profile under a phrase too. The wrap of a phrase before is gone from the file then, and opens nothing here.
 * @throws PlainsealError `disk-full`, `read-only`, `io`: then the phrase before is still the one.
 */
export function keepUnderPhrase(folder: string, key: Uint8Array, phrase: string): void {
  const wrapping = wrappingKey(phrase);
  if (wrapping === null) throw new PlainsealError('internal', 'no phrase of ours');
  writePhrase(folder, sealKey(key, wrapping, readProfile(folder)));
  wrapping.fill(0);
}

/**
 * Opens the database key by the phrase that was typed.
 * @throws PlainsealError `bad-request` when these are not 24 words of the list with their checksum, `wrong-key` when they are another
 *   profile's or were replaced, `not-found` when no phrase was made.
 */
export function unwrapWithPhrase(header: KeyHeader, typed: string, profile: ProfileInfo): Uint8Array {
  const wrapping = wrappingKey(wordsTyped(typed).join(' '));
  if (wrapping === null) throw new PlainsealError('bad-request', 'no recovery phrase');
  try {
    const key = openSealedKey(phraseOf(header), wrapping, profile);
    proveKey(header, key, profile);
    return key;
  } finally {
    wrapping.fill(0);
  }
}

/** Whether a phrase was made for the profile in `folder`. */
export const hasPhrase = (folder: string): boolean => readKeyHeader(folder)?.phrase !== undefined;

function phraseOf(header: KeyHeader): SealedKey {
  if (!header.phrase) throw new PlainsealError('not-found', 'no recovery phrase was made');
  return header.phrase;
}

/** HKDF-SHA-256 of the phrase's 256 bits: they are random, so nothing slow is needed. Null for what is no phrase. */
function wrappingKey(phrase: string): Uint8Array | null {
  if (phrase.split(' ').length !== PHRASE_WORDS) return null;
  let entropy: Uint8Array;
  try {
    entropy = mnemonicToEntropy(phrase, wordlist);
  } catch {
    return null;
  }
  const wrapping = new Uint8Array(hkdfSync('sha256', entropy, new Uint8Array(), PURPOSE, KEY_BYTES));
  entropy.fill(0);
  return wrapping;
}
