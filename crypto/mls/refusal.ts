export const refusals = [
  'malformed',
  'unsupported', // a part of MLS that this engine does not take: other suites, external senders, pre-shared keys, private handshakes
  'unknown-group',
  'not-active', // I was removed
  'old-epoch', // no longer kept
  'signature',
  'membership', // the membership tag
  'confirmation', // the confirmation tag: the sender came to another state
  'decryption',
  'own-ahead', // signed by my own leaf, and not by this state: a copy of it is in use
  'replayed', // its key was used
  'key-gone', // it came so late that its key, which was never used, is no longer kept
  'too-far', // further ahead of its sender's ratchet than is followed
  'unknown-proposal', // a commit names one that is not here
  'proposals', // a list of proposals that MLS forbids
  'path', // missing where it is needed, or not the one of its sender
  'tree', // a tree that MLS forbids
  'capabilities', // somebody cannot do what the group asks for
  'lifetime', // a key package that has run out, is not valid yet, or for too long
  'member', // the rules do not take this member
  'not-allowed', // the rules do not let this member do that
  'no-key-package', // a welcome for none of mine
  'already-member',
] as const;
/** Why bytes of others are not taken. Codes only: no part of them is in any text. */
export type Refusal = (typeof refusals)[number];

/** Ends an operation over bytes of others; the engine turns it into a result. Nothing was written. */
export class Refused extends Error {
  readonly why: Refusal;
  constructor(why: Refusal) {
    super(why);
    this.name = 'Refused';
    this.why = why;
  }
}

/** @throws Refused unless it holds. */
export function demand(holds: boolean, why: Refusal): asserts holds {
  if (!holds) throw new Refused(why);
}
