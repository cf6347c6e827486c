import type { NetworkId } from '../ids.ts';
import type { WordId } from './en.ts';

/** What a person must have read before a network's first live connection; another text is another version. */
export const disclosures: {
  readonly [N in NetworkId]: { readonly version: number; readonly statements: readonly WordId[] };
} = {
  email: {
    version: 1,
    statements: [
      'disclosure.email.content',
      'disclosure.email.plain',
      'disclosure.email.addresses',
      'disclosure.email.size',
      'disclosure.email.ip',
      'disclosure.email.old-keys',
      'disclosure.email.copies',
      'disclosure.email.no-server',
    ],
  },
  signal: {
    version: 1,
    statements: [
      'disclosure.signal.unofficial',
      'disclosure.signal.untried',
      'disclosure.signal.content',
      'disclosure.signal.sender',
      'disclosure.signal.metadata',
      'disclosure.signal.phone',
      'disclosure.signal.groups',
      'disclosure.email.no-server',
    ],
  },
  nostr: {
    version: 2,
    statements: [
      'disclosure.nostr.content',
      'disclosure.nostr.unaudited',
      'disclosure.nostr.untried',
      'disclosure.nostr.public-key',
      'disclosure.nostr.relays',
      'disclosure.nostr.groups',
      'disclosure.nostr.invitations',
      'disclosure.nostr.copies',
      'disclosure.nostr.key',
      'disclosure.email.no-server',
    ],
  },
  dummy: { version: 1, statements: ['disclosure.dummy.local'] },
};
