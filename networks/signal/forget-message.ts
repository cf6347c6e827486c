import type { ServiceId } from '../../crypto/signal/address.ts';
import type { NetworkKey } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { dropLongText } from './long-text.ts';
import { messageNameOf } from './names.ts';
import { forgetSent } from './send-log.ts';

/**
 * Lets go of all that this lane keeps of a message of mine that was deleted: what was sealed of it for the one it was written to and for my own
 * devices, who get it no more however they ask, and the key of its text. Of anybody else's messages nothing is kept.
 */
export async function forgetMessage(
  work: Work,
  own: ServiceId,
  to: ServiceId,
  message: NetworkKey,
): Promise<void> {
  const name = messageNameOf(message, own);
  if (name?.author !== own) return;
  for (const service of new Set([to, own])) await forgetSent(work, service, name.sentAt);
  await dropLongText(work, message);
}
