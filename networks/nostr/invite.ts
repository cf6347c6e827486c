import { recognise } from '../../shared/code.ts';
import type { FlowFailure } from '../../shared/lane/flow.ts';
import { nprofile, readKeyCode } from './key-code.ts';
import type { PublicKey } from './keys.ts';
import type { RelayUrl } from './relay-url.ts';

/** What an invitation by link or QR says: a key, and relays that may know more. Both are public; the link proves nothing. */
export interface Invite {
  readonly key: PublicKey;
  readonly relays: readonly RelayUrl[];
}

/** Relays named in a link; more would make the QR hard to read. */
const MAX_RELAYS = 3;

/** The link that others add me with; `nostr:` makes other Nostr programs open it too (NIP-21). */
export function inviteLink(key: PublicKey, relays: readonly RelayUrl[]): string {
  return `nostr:${nprofile(key, relays.slice(0, MAX_RELAYS))}`;
}

/** Reads a link, npub or nprofile. A secret key in this place is refused as a code of another kind, and looked at no further. */
export function readInvite(
  text: string,
  own: PublicKey,
):
  | { readonly kind: 'invite'; readonly invite: Invite }
  | { readonly kind: 'failed'; readonly why: FlowFailure } {
  const kind = recognise(text);
  if (kind !== 'nostr-key' && kind !== 'nostr-invite')
    return { kind: 'failed', why: kind === 'unknown' ? 'code-malformed' : 'code-of-another-kind' };
  const code = readKeyCode(text);
  if (code === null || code.kind === 'nsec') return { kind: 'failed', why: 'code-malformed' };
  if (code.key === own) return { kind: 'failed', why: 'code-own' };
  return { kind: 'invite', invite: { key: code.key, relays: code.kind === 'nprofile' ? code.relays : [] } };
}
