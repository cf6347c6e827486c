import type { Millis, PeerId } from '../ids.ts';
import type { SecurityFacts, Trust } from './facts.ts';

export const detailNames = [
  'suite',
  'step',
  'epoch',
  'own-key',
  'peer-key',
  'sealed-sender',
  'header-protection',
  'hidden-recipients',
  'relay',
] as const;
export type DetailName = (typeof detailNames)[number];

interface EvidenceBase {
  readonly at: Millis;
  readonly facts: readonly SecurityFacts[];
  readonly details: readonly { readonly name: DetailName; readonly value: string }[];
}

/**
 * The facts under which one version of a message was sealed or opened; kept with every revision and reaction.
 * The label of a past message is the rules over this, never over today's forecast.
 */
export type Evidence =
  | (EvidenceBase & {
      readonly how: 'sealed-here';
      readonly to: readonly { readonly peer: PeerId; readonly key: string; readonly trust: Trust }[];
    })
  | (EvidenceBase & {
      readonly how: 'opened-here';
      readonly from: {
        readonly peer: PeerId;
        readonly key: string;
        readonly trust: Trust;
        readonly proof: 'signature' | 'session' | 'certificate' | 'none';
      };
    })
  | (EvidenceBase & { readonly how: 'told-by-own-device'; readonly device: string })
  | (EvidenceBase & { readonly how: 'in-the-clear' | 'imported'; readonly from: string });
