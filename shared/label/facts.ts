import type { Millis } from '../ids.ts';

/** Missing, stale or contradictory is 'unknown'; nothing defaults to good. */
export type Fact<T> =
  | {
      readonly is: T;
      readonly asOf: Millis;
      readonly by: 'session' | 'message' | 'group' | 'certificate' | 'network-data';
    }
  | 'unknown';

/** Somebody outside the conversation who holds what is needed to read it. `name` is a plain name such as a mail provider's. */
export type Holder = {
  readonly kind: 'provider' | 'carrier' | 'bridge' | 'organisation';
  readonly name: string;
};

export type Exposure = 'subject' | 'reactions' | 'group-name' | 'attachments';

/** What is known of ONE path: a device, a sender chain, a group epoch, a certificate. A conversation is its worst path. */
export interface SecurityFacts {
  readonly endToEnd: Fact<boolean>;
  /** Provider, key server, bridge, server-side backup, legal hold. `[]` = proven none. */
  readonly otherKeyHolders: Fact<readonly Holder[]>;
  /** How long old keys still open old messages. OpenPGP: never. MLS: the retention window. */
  readonly forwardSecrecy: Fact<{ readonly withinMs: Millis | 'never' }>;
  /** How long until a thief of today's keys is locked out again. */
  readonly recovery: Fact<{ readonly withinMs: Millis | 'never' }>;
  readonly postQuantum: Fact<'none' | 'handshake' | 'ongoing'>;
  /** Whether the sender of a message is proven by the protocol. */
  readonly authenticated: Fact<boolean>;
  /** What stays visible outside the encryption, besides addresses, times and sizes. */
  readonly exposed: Fact<readonly Exposure[]>;
  readonly engine: Fact<{
    readonly name: string;
    readonly version: string;
    readonly review: 'audited' | 'unaudited' | 'known-bad';
  }>;
}

/** Whether it is really the person; per account and peer, never per person. */
export type Trust =
  | {
      readonly kind: 'checked';
      readonly at: Millis;
      readonly by: 'number' | 'code' | 'secure-join' | 'own-device';
    }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'changed'; readonly at: Millis; readonly wasChecked: boolean };

export const holdReasons = [
  'label-fell',
  'below-floor',
  'identity-changed',
  'no-key',
  'guard',
  'fork',
  'challenge',
  'clone-suspected',
  'lane-off',
] as const;
/** Why nothing is sent in a conversation until the person has looked. */
export type HoldReason = (typeof holdReasons)[number];
