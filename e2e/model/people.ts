import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type NetworkId,
  type PeerId,
} from '../../shared/ids.ts';
import type { Commit } from '../../shared/lane/commit.ts';
import { goodFacts } from '../../worker/sample/scene.ts';

/** Accounts of a person who is on every network, twice on one. */
export const accounts = [
  { id: 'mail' as AccountId, network: 'email', protocol: 'openpgp' },
  { id: 'work' as AccountId, network: 'email', protocol: 'openpgp' },
  { id: 'phone' as AccountId, network: 'signal', protocol: 'signal' },
  { id: 'key' as AccountId, network: 'nostr', protocol: 'mls' },
] as const;
export type Mine = (typeof accounts)[number];

/** What people are called: on each account one of each, so that every name is there four times. */
export const names = ['Alice', 'Bob', 'Alice Okafor'] as const;

/** One conversation of two: whom it reaches, and over which account. */
export interface Way {
  readonly account: Mine;
  readonly peer: PeerId;
  readonly conversation: ConversationId;
  readonly name: string;
}

/** What names somebody on a network. On the two e-mail accounts the same people are known. */
function identityOf(network: NetworkId, index: number): string {
  return network === 'signal' ? `00000000-0000-4000-8000-00000000000${index}` : `${network}-${index}`;
}

/** Every conversation of two there is. */
export const ways: readonly Way[] = accounts.flatMap((account) =>
  names.map((name, index) => {
    const peer = peerId(account.network, identityOf(account.network, index));
    return { account, peer, conversation: directConversation(account.id, peer), name };
  }),
);

export const waysOf = (account: AccountId): readonly Way[] =>
  ways.filter((way) => way.account.id === account);

/** How the lane of an account tells of its people. They all have one address, and names that others have too. */
export function meetAll(account: AccountId): Pick<Commit, 'changes' | 'forecasts'> {
  const mine = waysOf(account);
  return {
    changes: mine.flatMap(({ account: { protocol }, peer, conversation, name }) => [
      { kind: 'peer', peer, identity: peer, address: 'alice@example.org', name },
      {
        kind: 'conversation',
        id: conversation,
        patch: { kind: 'direct', peer, protocol, state: 'active' },
      },
    ]),
    forecasts: mine.map(({ conversation }) => ({ conversation, facts: [goodFacts()], hold: null })),
  };
}
