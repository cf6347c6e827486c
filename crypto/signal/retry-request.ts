import { CiphertextMessageType, DecryptionErrorMessage, PlaintextContent } from '@signalapp/libsignal-client';
import type { Millis } from '../../shared/ids.ts';
import type { RetryRequest } from './engine.ts';
import { unshared } from './unshared.ts';

/** libsignal's first byte of a plaintext content, before a padded `Content`. */
const PLAINTEXT_CONTENT = 0xc0;

const types = {
  'double-ratchet': CiphertextMessageType.Whisper,
  prekey: CiphertextMessageType.PreKey,
} as const;

/**
 * A plaintext content that asks the sender of a message for it once more. It names the ratchet key, so that the sender puts a session
 * away that is out of step. Null where the message is too damaged to name one.
 */
export function retryRequestFor(message: {
  readonly type: keyof typeof types;
  readonly content: Uint8Array;
  readonly sentAt: Millis;
  readonly device: number;
}): Uint8Array | null {
  const { type, content, sentAt, device } = message;
  try {
    const error = DecryptionErrorMessage.forOriginal(unshared(content), types[type], sentAt, device);
    return PlaintextContent.from(error).serialize();
  } catch {
    return null;
  }
}

/** The padded `Content` inside a plaintext content; null for anything else. */
export function plaintextBody(content: Uint8Array): Uint8Array | null {
  try {
    return PlaintextContent.deserialize(unshared(content)).body();
  } catch {
    return null;
  }
}

/** Reads a plaintext content, or the decryption error message out of its `Content`. Null for anything else. */
export function readRetryRequest(bytes: Uint8Array): RetryRequest | null {
  try {
    const read =
      bytes[0] === PLAINTEXT_CONTENT
        ? DecryptionErrorMessage.extractFromSerializedBody(
            PlaintextContent.deserialize(unshared(bytes)).body(),
          )
        : DecryptionErrorMessage.deserialize(unshared(bytes));
    return {
      sentAt: read.timestamp(),
      device: read.deviceId(),
      ratchetKey: read.ratchetKey()?.serialize() ?? null,
    };
  } catch {
    return null;
  }
}
