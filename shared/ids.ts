/** Branded ids: a peer's id is never taken for a person's, at no cost at run time. */
export type Brand<T, B extends string> = T & { readonly __brand: B };
type Id<B extends string> = Brand<string, B>;

export type AccountId = Id<'Account'>;
export type PersonId = Id<'Person'>;
/** `<network>|<identity>`: made by the lane from the identity alone, so that a lane can name a peer before core has seen it. */
export type PeerId = Id<'Peer'>;
/** Direct: `<account>|<peer>`. */
export type ConversationId = Id<'Conversation'>;
/** The decimal rowid of a message: ordered like the list it is shown in. */
export type MessageId = Id<'Message'>;
export type OutboxId = Id<'Outbox'>;
export type FlowId = Id<'Flow'>;
export type FileId = Id<'File'>;
/** What a file dialog of the shell gives core in place of a path; the page only carries it. */
export type GrantId = Id<'Grant'>;
/** The network's own name of a message, unique per account: e-mail Message-ID without brackets, Signal `<author's service id>:<sentAt>` (mine: `me:<sentAt>`), Marmot inner event id. Stable across re-sealing. */
export type NetworkKey = Id<'NetworkKey'>;
/** Idempotency key of one delivery: `UIDVALIDITY:UID`, a server guid, an event id or a digest. */
export type EnvelopeKey = Id<'Envelope'>;
/** Epoch milliseconds. */
export type Millis = number;

export const networks = ['email', 'signal', 'nostr', 'dummy'] as const;
/** `dummy` is the process lane of the tests: it proves that a second kind of lane fits; it cannot be added to a live profile. */
export type NetworkId = (typeof networks)[number];
export const protocols = ['openpgp', 'signal', 'mls', 'none'] as const;
export type ProtocolId = (typeof protocols)[number];

/** Names a peer by its identity on one network: `email|<FINGERPRINT>` (OpenPGP), `email|<address>` (no encryption). */
export function peerId(network: NetworkId, identity: string): PeerId {
  return `${network}|${identity}` as PeerId;
}

/** The direct conversation of one account with one peer. */
export function directConversation(account: AccountId, peer: PeerId): ConversationId {
  return `${account}|${peer}` as ConversationId;
}

/** A fresh random id of the wanted brand (128 bits). */
export function freshId<T extends Id<string>>(): T {
  return crypto.randomUUID() as unknown as T;
}
