import { randomBytes, timingSafeEqual } from 'node:crypto';

/** How long an entry token is good for, in ms. */
export const TOKEN_LIFE_MS = 60_000;
const SECRET_BYTES = 32;

/** A secret nobody guesses, as text for an address, a form or a header. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Compares in a time that tells nothing but the length. */
export function sameSecret(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** A secret that works once, and only for a while. */
export interface OneTimeToken {
  readonly text: string;
  /** True the first time the right text comes in time. A wrong text does not use it up: nobody guesses 256 bits, anybody can send rubbish. */
  take(given: string): boolean;
}

/** Makes a token good for {@link TOKEN_LIFE_MS} from now; `now` in epoch ms. */
export function oneTimeToken(now: () => number = Date.now): OneTimeToken {
  const text = newSecret();
  const endsAt = now() + TOKEN_LIFE_MS;
  let used = false;
  return {
    text,
    take(given) {
      if (used || now() >= endsAt || !sameSecret(given, text)) return false;
      used = true;
      return true;
    },
  };
}
