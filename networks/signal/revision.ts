import type { NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { keyOf } from './names.ts';
import type { MessageName } from './codec/content.ts';

/*
 * revision/<key of an edit>   the key of the message it changed
 *
 * An edit has a time of its own, and what follows (a further edit, a reaction, a receipt, a quote) may name the message by it.
 */

const cellOf = (edit: NetworkKey): StateKey => ({ space: 'revision', key: edit });

/** The key of the message a name means, whichever of its revisions it names. */
export async function messageKeyOf(
  work: Pick<Work, 'get'>,
  name: MessageName,
  own: ServiceId,
): Promise<NetworkKey> {
  const key = keyOf(name, own);
  const first = await work.get(cellOf(key));
  return first === null ? key : (Buffer.from(first).toString('utf8') as NetworkKey);
}

/** Notes that an edit changed a message. */
export async function noteRevision(work: Work, edit: NetworkKey, message: NetworkKey): Promise<void> {
  if (edit === message || (await work.get(cellOf(edit))) !== null) return;
  work.put(cellOf(edit), Buffer.from(message, 'utf8'));
}
