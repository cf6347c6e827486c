import type { Millis } from '../../shared/ids.ts';
import { seconds, signEvent, type SignedEvent } from './event.ts';
import type { SecretKey } from './keys.ts';
import type { RelayUrl } from './relay-url.ts';

/** NIP-42: proof to one relay that a connection is an account's. */
export const AUTH_KIND = 22_242;

/** Challenges beyond this are not answered: nothing else would fit into what a relay may make me sign. Characters. */
export const MAX_CHALLENGE_CHARACTERS = 256;

/** Answers a relay's challenge. It is good for this relay and this connection only. */
export function authEvent(secret: SecretKey, relay: RelayUrl, challenge: string, now: Millis): SignedEvent {
  const tags = [
    ['relay', relay],
    ['challenge', challenge],
  ];
  return signEvent({ created_at: seconds(now), kind: AUTH_KIND, tags, content: '' }, secret);
}
