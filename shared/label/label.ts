import type { NetworkId, ProtocolId } from '../ids.ts';
import type { Exposure, Holder, HoldReason, SecurityFacts, Trust } from './facts.ts';

export const limitCodes = [
  'no-forward-secrecy',
  'slow-forward-secrecy',
  'no-recovery',
  'slow-recovery',
  'exposed',
  'engine-unaudited',
  'sender-not-proven',
] as const;
/** What keeps a conversation from being fully private. The words for each are in shared/words. */
export type LimitCode = (typeof limitCodes)[number];

/** Who can read it. Ranked members > members-limited > provider > unknown. */
export type Readers =
  | { readonly kind: 'members' }
  | {
      readonly kind: 'members-limited';
      readonly limits: readonly LimitCode[];
      /** What is visible outside the encryption; there with the limit `exposed`. */
      readonly exposed?: readonly Exposure[];
    }
  | { readonly kind: 'provider'; readonly who: readonly Holder[] }
  | { readonly kind: 'unknown'; readonly missing: readonly (keyof SecurityFacts)[] };

/** Where others than the people in it can read it, or nobody knows who can. */
export const isWeak = ({ kind }: Readers): boolean => kind === 'provider' || kind === 'unknown';

export type Identity =
  | { readonly kind: 'one'; readonly trust: Trust }
  | { readonly kind: 'group'; readonly checked: number; readonly changed: number; readonly of: number };

/** "Stopped" is a line of its own: it never replaces who could read what was already sent. */
export type Sending = { readonly ok: true } | { readonly ok: false; readonly why: HoldReason };

/** The label of a conversation or message: codes only, computed in one place (rules.ts), worded in shared/words. */
export interface Label {
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  readonly testNetwork: boolean;
  /** Version of the rules that made it, see docs/label.md. */
  readonly rules: number;
  readonly readers: Readers;
  readonly identity: Identity;
  readonly sending: Sending;
}
