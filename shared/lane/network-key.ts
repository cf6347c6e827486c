import { assertNever } from '../assert.ts';
import type { Millis, NetworkId, NetworkKey } from '../ids.ts';

/**
 * Names a message that is about to be sent, in the form its network uses; core calls it once when it writes the intent,
 * so that no retry ever renames it. `sentAt` is unique per account (core moves the second of two sends in one millisecond).
 */
export function newNetworkKey(network: NetworkId, sentAt: Millis): NetworkKey {
  switch (network) {
    case 'email':
      // Delta Chat's form: a random left part, and a right part that says nothing about the machine (RFC 5322 §3.6.4).
      return `${crypto.randomUUID()}@localhost` as NetworkKey;
    case 'signal':
      // Signal names a message by its author and its time. Mine carry no service id, so that a change of number renames nothing.
      return `me:${sentAt}` as NetworkKey;
    case 'nostr':
    case 'dummy':
      return crypto.randomUUID() as unknown as NetworkKey;
    default:
      return assertNever(network);
  }
}
