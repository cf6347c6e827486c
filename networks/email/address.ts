import { addressParser } from 'postal-mime';

/** A mailbox of a header. `address` is lower case: how addresses are compared here (Autocrypt Level 1, "Address canonicalization"). */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** RFC 5321 §4.5.3.1: 64 octets of local part, 255 of domain. */
const ADDRESS_LIMIT = 320;
const NAME_LIMIT = 200;
/** Longer address headers are not read at all: no chat has them, and only a hostile mail does. */
const LIST_LIMIT_CHARACTERS = 64 * 1024;

/** The dot-atom form of RFC 5322 §3.4.1 plus letters beyond ASCII (RFC 6532); no quoted local parts, no address literals. */
const addressForm =
  /^[\p{L}\p{N}!#$%&'*+\-/=?^_`{|}~.]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)*[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

/** The canonical form of one address as a person or a header gives it; null when it is none we can write to. */
export function canonicalAddress(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > ADDRESS_LIMIT) return null;
  // Measured again as it is kept: some letters become two in lower case.
  const address = trimmed.toLowerCase();
  return address.length > ADDRESS_LIMIT || !addressForm.test(address) ? null : address;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/**
 * The mailboxes of an address header, groups opened, in order; entries that are no addresses are left out.
 * Encoded words in names are decoded. Never throws.
 */
export function readMailboxes(value: string): readonly Mailbox[] {
  if (value.length > LIST_LIMIT_CHARACTERS) return [];
  const found: Mailbox[] = [];
  try {
    for (const entry of addressParser(value, { flatten: true })) {
      const address = canonicalAddress(entry.address ?? '');
      if (address !== null) found.push({ name: displayName(entry.name), address });
    }
  } catch {
    return [];
  }
  return found;
}

/** The one mailbox of a From header (RFC 5322 §3.6.2 allows more; then nobody could say whose mail it is): null for none or several. */
export function onlyMailbox(values: readonly string[]): Mailbox | null {
  if (values.length !== 1) return null;
  const [mailbox, ...more] = readMailboxes(values[0] ?? '');
  return mailbox && more.length === 0 ? mailbox : null;
}

/** A name as shown: one line, no control or direction-changing characters, bounded. */
export function displayName(text: string): string {
  return (
    text
      // Controls, and the marks that turn text around (bidi), would let a name imitate what surrounds it.
      .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, NAME_LIMIT)
  );
}
