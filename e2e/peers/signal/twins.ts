import { createRequire } from 'node:module';
import type * as Mock from '@signalapp/mock-server';

const { PrimaryDevice } = createRequire(import.meta.url)('@signalapp/mock-server') as typeof Mock;
type Phone = InstanceType<typeof PrimaryDevice>;

/**
 * Lets a phone drop what it has opened before, as every phone does; the mock would answer the sender that something broke.
 * Gives how many it has dropped.
 */
export function dropTwins(phone: Phone): () => number {
  let dropped = 0;
  const handle = phone.handleEnvelope.bind(phone);
  phone.handleEnvelope = async (...envelope) => {
    try {
      await handle(...envelope);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'DuplicatedMessage') throw error;
      dropped += 1;
    }
  };
  return () => dropped;
}
