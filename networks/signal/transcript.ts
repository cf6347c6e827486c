import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { encodeContent } from './codec/encode.ts';
import type { Told } from './draft.ts';
import { errandIntent } from './errand.ts';

/** How a message went out. */
export interface Went {
  readonly to: ServiceId;
  /** The key it was sealed for, 33 bytes. */
  readonly identityKey: Uint8Array;
  /** Whether by sealed sender. */
  readonly sealed: boolean;
  readonly now: Millis;
}

/** The content that tells my other devices what I sent. */
export function transcriptOf({ data, editOf }: Told, { to, identityKey, sealed, now }: Went): Uint8Array {
  const expires = data.what.kind === 'text' && data.timer !== null && data.timer.ms !== null;
  return encodeContent({
    kind: 'sent',
    to,
    sentAt: data.sentAt,
    message: data,
    editOf,
    expirationStartedAt: expires ? now : null,
    sealed,
    identityKey,
  });
}

/** The errand that tells them, under the time of the message itself, as Signal's own programs do. */
export function transcriptIntent(told: Told, went: Went): Intent {
  const { sentAt, what } = told.data;
  const forget = what.kind === 'delete' ? what.targetSentAt : null;
  return errandIntent({ op: 'transcript', content: transcriptOf(told, went), forget }, sentAt);
}
