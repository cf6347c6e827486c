import { findMessageByKey } from '../../../storage/messages.ts';
import type { Outgoing } from '../../../storage/outbox.ts';
import { touchMessage } from '../touched.ts';
import type { Scope } from './scope.ts';

/** The row of a message that others are asked to delete says how far that is. Call when its item has moved on. */
export function touchDeleted(
  { db, touched }: Pick<Scope, 'db' | 'touched'>,
  { account, intent }: Pick<Outgoing, 'account' | 'intent'>,
): void {
  if (intent.what.kind !== 'delete') return;
  const message = findMessageByKey(db, account, intent.what.target);
  if (message) touchMessage(touched, message.conversation, message.id);
}
