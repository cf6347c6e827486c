import type { AccountId, Millis, NetworkId } from '../ids.ts';
import type { LaneStatus } from '../lane/lane.ts';

/** Networks a person may add an account of, by the kind of profile. Each has a lane (worker/lane/networks.ts). */
export const addable = {
  live: ['email', 'signal', 'nostr'],
  test: ['email', 'signal', 'nostr', 'dummy'],
} as const satisfies Readonly<Record<'live' | 'test', readonly NetworkId[]>>;

/** Whether an account of a network may be added in a profile of that kind. */
export const mayAdd = (kind: 'live' | 'test', network: NetworkId): boolean =>
  (addable[kind] as readonly NetworkId[]).includes(network);

/**
 * Networks whose state is a ratchet: two copies of it would use the same message keys. The rest may go on from a copy when the person
 * says so.
 */
export const hasRatchet = (network: NetworkId): network is 'signal' | 'nostr' =>
  network === 'signal' || network === 'nostr';

/** One of my accounts as the page shows it. */
export interface AccountRow {
  readonly id: AccountId;
  readonly network: NetworkId;
  readonly address: string;
  readonly displayName: string;
  readonly testNetwork: boolean;
  readonly status: LaneStatus;
  /** When a server last answered. */
  readonly checkedAt: Millis | null;
  /** Mails not fetched beyond their headers because nobody we talk to sent them; null where the network has no such thing. */
  readonly plainMailSkipped: number | null;
  /** Messages not kept because people who were not accepted sent too many (decision 20). */
  readonly notKept: number;
  /** Whether its network has groups that can be made here. */
  readonly groups: boolean;
  /** Where a key is the account: whether it was written down, or kept in a file; null where it is not. */
  readonly keyKept: boolean | null;
  /** How my own identity reads when compared, e.g. an OpenPGP fingerprint. */
  readonly identity: string | null;
}

/** What the person must have read before a network's first live connection. */
export interface Disclosure {
  readonly network: NetworkId;
  readonly version: number;
  /** The day its text is of, `2026-11-22`. */
  readonly asOf: string;
  /** Codes of sentences in shared/words. */
  readonly statements: readonly string[];
  readonly acceptedAt: Millis | null;
  readonly acceptedVersion: number | null;
  /** How it differs from what was accepted: codes that are new, and sentences that are gone; null where nothing was, or its text was not kept. */
  readonly change: { readonly added: readonly string[]; readonly gone: readonly string[] } | null;
}

/** A disclosure that was accepted once: a line of the ledger in the settings. */
export interface Consent {
  readonly network: NetworkId;
  readonly version: number;
  readonly acceptedAt: Millis;
  /** Its sentences as they read then; null where they were not kept. */
  readonly said: readonly string[] | null;
  readonly withdrawnAt: Millis | null;
}
