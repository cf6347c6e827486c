import { freshSecretKey, publicKeyOf, type PublicKey, type SecretKey } from './keys.ts';

/** A key for one event. Who takes it forgets its secret. */
export interface OneTimeKey {
  readonly secret: SecretKey;
  readonly key: PublicKey;
}

/** After one was taken the lane is at work: the next is made once that is over. */
const AFTER_MS = 100;

let spare: OneTimeKey | null = null;

function fresh(): OneTimeKey {
  const secret = freshSecretKey();
  return { secret, key: publicKeyOf(secret) };
}

/** A key that nobody had before. It depends on nothing that is said, so one is made ahead: it is a quarter of a millisecond of each message. */
export function takeOneTimeKey(): OneTimeKey {
  const taken = spare ?? fresh();
  spare = null;
  setTimeout(() => (spare ??= fresh()), AFTER_MS).unref();
  return taken;
}
