/** A key as it is written down: letters, digits and spaces. */
export const WRITTEN_KEY = /^[0-9a-z ]{1,200}$/i;

/** Why a secret key that the person brought is not taken; worded in shared/words. */
export const keyRefusals = [
  'too-large',
  'malformed',
  'several-keys',
  'not-secret', // a public key only
  'unsupported',
  'passphrase-needed',
  'wrong-passphrase',
  'incomplete', // stubs, or a secret half that does not belong to the public one
  'no-signing-key',
  'no-encryption-key',
  'revoked',
  'expired',
  'not-yet-valid',
  'weak',
  'other-address', // no identity in it has the account's address
] as const;
export type KeyRefusal = (typeof keyRefusals)[number];

/** What became of a brought key. `identity`: how the account's key reads from now on when it is compared. */
export type KeyImport =
  | { readonly kind: 'imported'; readonly identity: string }
  | { readonly kind: 'refused'; readonly why: KeyRefusal };
