import type { Millis, OutboxId } from '../../../shared/ids.ts';
import type { Database } from '../../../storage/database.ts';
import { setSendState } from '../../../storage/messages.ts';
import { findOutgoing, setOutboxState } from '../../../storage/outbox.ts';
import { touchMessage, type Touched } from '../touched.ts';
import { touchDeleted } from './deletion.ts';

/** An item under which the lane died twice is not tried again by itself: it would stop everything else for good. */
export function failDeadly(db: Database, id: OutboxId, now: Millis, touched: Touched): void {
  const item = findOutgoing(db, id);
  if (item?.state !== 'queued' && item?.state !== 'sealed') return;
  setOutboxState(db, id, 'failed');
  touched.outbox = true;
  touchDeleted({ db, touched }, item);
  if (item.message === null || item.conversation === null) return;
  setSendState(db, item.message, 'failed', now, 'damaged');
  touchMessage(touched, item.conversation, item.message);
}
