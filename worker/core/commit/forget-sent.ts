import type { NetworkKey } from '../../../shared/ids.ts';
import { encodeFrame } from '../../../shared/wire/codec.ts';
import type { Conversation } from '../../../storage/conversations.ts';
import { keepsSent } from '../capabilities.ts';
import { DELETED } from './outbound.ts';
import { addSideIntent } from './own-intent.ts';
import type { Scope } from './scope.ts';

/**
 * A lane that keeps what it sends lets go of a message of mine that was deleted or taken back, whether or not anybody is asked to delete it, and
 * however long that takes.
 */
export function haveLaneForget(
  scope: Pick<Scope, 'db' | 'account' | 'now' | 'touched'>,
  { network, peer }: Pick<Conversation, 'network' | 'peer'>,
  message: NetworkKey,
): void {
  if (!keepsSent(network) || peer === null) return;
  const data = encodeFrame({ peer, message });
  addSideIntent(scope, null, null, (key) => ({ kind: 'protocol', key, op: DELETED, data }));
}
