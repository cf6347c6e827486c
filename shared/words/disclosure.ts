import type { NetworkId } from '../ids.ts';
import { en, type WordId } from './en.ts';

/** What a person must have read before a network's first live connection; another text is another version. */
export const disclosures: {
  readonly [N in NetworkId]: {
    readonly version: number;
    /** The day of its text. */
    readonly asOf: string;
    readonly statements: readonly WordId[];
  };
} = {
  email: {
    version: 1,
    asOf: '2026-11-22',
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
    asOf: '2026-11-25',
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
    asOf: '2026-11-26',
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
  dummy: { version: 1, asOf: '2026-11-22', statements: ['disclosure.dummy.local'] },
};

/** What a network's disclosure says now, in English: kept with its acceptance, so that a later text can be held against it. */
export const sentencesOf = (network: NetworkId): readonly string[] =>
  disclosures[network].statements.map((id) => en[id]);

/** How a network's disclosure differs from what it said once: ids that are new, and sentences that are gone. */
export function changeSince(
  network: NetworkId,
  said: readonly string[],
): { readonly added: readonly WordId[]; readonly gone: readonly string[] } {
  const now = sentencesOf(network);
  return {
    added: disclosures[network].statements.filter((id) => !said.includes(en[id])),
    gone: said.filter((sentence) => !now.includes(sentence)),
  };
}
