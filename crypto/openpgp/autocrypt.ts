/** An Autocrypt or Autocrypt-Gossip header (Autocrypt Level 1). `keydata` is not parsed yet: it may be any bytes. */
export interface AutocryptHeader {
  /** Lower case. */
  readonly address: string;
  readonly preferEncrypt: 'mutual' | 'nopreference';
  readonly keydata: Uint8Array;
}

/** Autocrypt Level 1 suggests 10 KiB for the header; larger keys exist, larger than this nobody has to take. */
const VALUE_LIMIT_CHARACTERS = 64 * 1024;
const LINE = 76;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const addressForm = /^[^\s@<>;,"]+@[^\s@<>;,"]+$/;

/**
 * Reads one header value (folded or not). Null when it is not valid: an attribute twice, `addr` or `keydata` missing, an unknown attribute
 * whose name does not start with `_` (those are critical), or too long. Never throws.
 */
export function parseAutocrypt(value: string): AutocryptHeader | null {
  if (value.length > VALUE_LIMIT_CHARACTERS) return null;
  const attributes = new Map<string, string>();
  for (const part of value.split(';')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0) return null;
    const name = part.slice(0, equals).trim().toLowerCase();
    if (name.startsWith('_')) continue;
    if (!['addr', 'prefer-encrypt', 'keydata'].includes(name) || attributes.has(name)) return null;
    attributes.set(name, part.slice(equals + 1).trim());
  }
  const address = attributes.get('addr')?.toLowerCase() ?? '';
  const text = (attributes.get('keydata') ?? '').replace(/\s+/g, '');
  if (!addressForm.test(address) || text.length % 4 !== 0 || !base64.test(text)) return null;
  return {
    address,
    // Level 1: any value but `mutual` means no preference.
    preferEncrypt: attributes.get('prefer-encrypt') === 'mutual' ? 'mutual' : 'nopreference',
    keydata: Uint8Array.from(Buffer.from(text, 'base64')),
  };
}

/**
 * The header that speaks for the sender of a message: exactly one valid header whose address is the From address. Several make
 * all of them void (Autocrypt Level 1, "Internal state update").
 */
export function senderAutocrypt(values: readonly string[], from: string): AutocryptHeader | null {
  const matching = values
    .map((value) => parseAutocrypt(value))
    .filter((header) => header !== null)
    .filter((header) => header.address === from.toLowerCase());
  const [only = null, ...others] = matching;
  return others.length === 0 ? only : null;
}

/** Headers of Autocrypt-Gossip that read well; of several for one address none counts, as nobody could say which is meant. */
export function gossipHeaders(values: readonly string[]): readonly AutocryptHeader[] {
  const headers = values.map((value) => parseAutocrypt(value)).filter((header) => header !== null);
  return headers.filter((header) => headers.filter((other) => other.address === header.address).length === 1);
}

/**
 * Writes a header value, folded at 76 characters with CRLF and one space. `preferEncrypt` is left out for gossip (Level 1 forbids it there).
 * @throws RangeError for an address no header can carry.
 */
export function formatAutocrypt(header: {
  readonly address: string;
  readonly keydata: Uint8Array;
  readonly preferEncrypt?: 'mutual';
}): string {
  if (!addressForm.test(header.address)) throw new RangeError('not an address');
  const text = Buffer.from(header.keydata).toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += LINE) lines.push(text.slice(at, at + LINE));
  const preference = header.preferEncrypt ? ` prefer-encrypt=${header.preferEncrypt};` : '';
  return `addr=${header.address};${preference} keydata=\r\n ${lines.join('\r\n ')}`;
}
