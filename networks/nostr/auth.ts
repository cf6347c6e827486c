import type { Millis } from '../../shared/ids.ts';
import { seconds, signEvent, type SignedEvent } from './event.ts';
import type { Identity, Operation } from './guard.ts';
import { forget, freshSecretKey, publicKeyOf, type SecretKey } from './keys.ts';
import type { RelayUrl } from './relay-url.ts';

/** NIP-42: proof to one relay that a connection is an account's. */
const AUTH_KIND = 22_242;

/** Answers a relay's challenge. It is good for this relay and this connection only. */
export function authEvent(secret: SecretKey, relay: RelayUrl, challenge: string, now: Millis): SignedEvent {
  const tags = [
    ['relay', relay],
    ['challenge', challenge],
  ];
  return signEvent({ created_at: seconds(now), kind: AUTH_KIND, tags, content: '' }, secret);
}

/** The answer as the guard takes it: of the account, or of a key that is made for it and forgotten. */
export function authOperation(
  identity: Identity,
  own: SecretKey,
  relay: RelayUrl,
  challenge: string,
  now: Millis,
): Operation {
  const account = publicKeyOf(own);
  const kind = identity === 'account' ? 'account-auth' : 'nobody-auth';
  const secret = identity === 'account' ? own : freshSecretKey();
  const text = JSON.stringify(['AUTH', authEvent(secret, relay, challenge, now)]);
  if (secret !== own) forget(secret);
  return { kind, account, relay, text };
}
