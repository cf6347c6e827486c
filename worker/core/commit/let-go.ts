import { setSendState } from '../../../storage/messages.ts';
import { dropArtifactBytes } from '../../../storage/artifacts.ts';
import { setOutboxState, type Outgoing } from '../../../storage/outbox.ts';
import { touchMessage } from '../touched.ts';
import { touchDeleted } from './deletion.ts';
import type { Scope } from './scope.ts';

/** An item that has not been handed over is not any more to go; its message stays and says so. */
export function letGo(scope: Pick<Scope, 'db' | 'now' | 'touched'>, item: Outgoing): void {
  const { db, now, touched } = scope;
  setOutboxState(db, item.id, 'cancelled');
  dropArtifactBytes(db, item.id);
  touched.outbox = true;
  touchDeleted(scope, item);
  if (item.message === null || item.conversation === null) return;
  setSendState(db, item.message, 'cancelled', now);
  touchMessage(touched, item.conversation, item.message);
}
