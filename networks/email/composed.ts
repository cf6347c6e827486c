import type { AccountId, Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { FailureCode, Stored } from '../../shared/lane/intent.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { sealFor } from '../../crypto/openpgp/engine.ts';
import type { Self } from './account-record.ts';
import { trustIn } from './correspondent.ts';
import type { Ledger } from './ledger.ts';
import { protectLetter, type Letter } from './letter.ts';
import { wrapEncrypted } from './pgp-mime.ts';
import type { PeerRecord } from './records.ts';

/** What composing works with. */
export interface Composing {
  readonly account: AccountId;
  readonly self: Self;
  readonly work: Work;
  readonly now: Millis;
  readonly files: Pick<LaneContext['files'], 'read'>;
  readonly random: () => number;
}

/** How an intent becomes bytes, or why it does not. */
export type Composed =
  | {
      readonly kind: 'composed';
      readonly artifact: Stored;
      readonly evidence: Evidence | null;
      /** Forecasts that go along. */
      readonly ledger: Ledger;
    }
  | { readonly kind: 'held'; readonly hold: 'no-key'; readonly ledger: Ledger }
  | { readonly kind: 'failed'; readonly failure: FailureCode }
  /** There is nothing to send: nobody asked for this receipt. */
  | { readonly kind: 'void' };

export const failed = (failure: FailureCode): Composed => ({ kind: 'failed', failure });

/** The identity of an artifact sealed under an invitation's secret, and of one not sealed at all. */
export const PASSWORD_IDENTITY = 'secure-join';
export const PLAIN_IDENTITY = 'none';

/** A letter sealed to one key and to my own, as a whole mail; null where there is no usable key. */
export async function sealLetter(
  composing: Composing,
  letter: Letter,
  fingerprint: Fingerprint,
  peer: PeerRecord | null,
): Promise<{ readonly bytes: Uint8Array; readonly evidence: Evidence } | null> {
  const { work, now, random } = composing;
  // Thunderbird cannot read mail that names no recipient, so only chat programs get that.
  const hidden = peer?.chat === true;
  const { outer, inner } = protectLetter(letter, { hidden, chatVersion: hidden, now, random: random() });
  const to = [{ fingerprint, trust: trustIn(peer) }];
  const sealed = await sealFor(work, { plaintext: inner, to, hideRecipients: hidden, compress: true, now });
  if (sealed.kind === 'refused') return null;
  const details = [...sealed.evidence.details, { name: 'header-protection' as const, value: 'RFC 9788' }];
  return { bytes: wrapEncrypted(outer, sealed.armored), evidence: { ...sealed.evidence, details } };
}
