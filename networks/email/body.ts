import type { OwnKey } from '../../crypto/openpgp/keys.ts';
import { decryptMessage } from '../../crypto/openpgp/open.ts';
import { isPasswordMessage } from '../../crypto/openpgp/password.ts';
import { readPart } from './part.ts';
import { encryptedPayload } from './pgp-mime.ts';

type Opening = ReturnType<typeof decryptMessage>;

/** The sealed message in a mail. */
export interface Payload {
  readonly armored: Uint8Array;
  /** Sealed under a password alone. */
  readonly byPassword: boolean;
}

/** A fetched mail. What is sealed in it can be opened before its turn comes: that needs my keys and nothing else. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Null when it has none of the shapes we read. */
  payload(): Payload | null;
  /** Begins to open it under my keys. A password needs more, and waits for its turn. */
  ahead(keys: readonly OwnKey[]): void;
  /**
   * Opens its payload. What was begun ahead under the same keys is given once, and not kept.
   * @throws Error only when an own key does not parse: the database is damaged.
   */
  open(payload: Payload, keys: readonly OwnKey[]): Opening;
}

export function createBody(bytes: Uint8Array): Body {
  let known: { readonly payload: Payload | null } | null = null;
  let begun: { readonly keys: readonly OwnKey[]; readonly opening: Opening } | null = null;
  const payload = (): Payload | null => (known ??= { payload: payloadOf(bytes) }).payload;
  return {
    bytes,
    payload,
    ahead(keys) {
      const found = begun === null ? payload() : null;
      if (found === null || found.byPassword) return;
      const opening = decryptMessage(found.armored, keys);
      // Told when its turn comes.
      opening.catch(() => undefined);
      begun = { keys, opening };
    },
    open({ armored }, keys) {
      const ready = begun;
      begun = null;
      return ready?.keys === keys ? ready.opening : decryptMessage(armored, keys);
    },
  };
}

function payloadOf(bytes: Uint8Array): Payload | null {
  const part = readPart(bytes);
  const armored = part === null ? null : encryptedPayload(part);
  return armored === null ? null : { armored, byPassword: isPasswordMessage(armored) };
}
