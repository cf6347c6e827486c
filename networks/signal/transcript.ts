import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { encodeContent } from './codec/encode.ts';
import type { Told } from './draft.ts';
import { errandIntent } from './errand.ts';
import { keyOf } from './names.ts';

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

/** The errand that tells them, under the time of the message itself, as Signal's own programs do. It goes with the message. */
export function transcriptIntent(told: Told, went: Went, own: ServiceId): Intent {
  const { sentAt, what, timer } = told.data;
  const forget = what.kind === 'delete' ? what.targetSentAt : null;
  const hasWords = what.kind === 'text';
  const endsAt = hasWords && timer !== null && timer.ms !== null ? went.now + timer.ms : null;
  const of = hasWords ? keyOf({ author: own, sentAt: told.editOf ?? sentAt }, own) : null;
  return errandIntent(
    { op: 'transcript', content: transcriptOf(told, went), forget, endsAt },
    sentAt,
    null,
    of,
  );
}
