import { randomBytes } from 'node:crypto';
import { nodeSuite } from '../../crypto/mls/suite.ts';
import { exportOf, forgeCommit, forgerOf } from '../../crypto/mls/test/forge.ts';
import type { SignedEvent } from '../../networks/nostr/event.ts';
import { groupOf, readRecord } from '../../networks/nostr/group/record.ts';
import { GROUP_EVENT_EXPORTER, sealGroupEvent } from '../../networks/nostr/marmot/group-event.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { createWork } from '../../shared/lane/work.ts';
import { viewOf, type Somebody } from './nostr-world.ts';

/** A commit of a member with everything right about it but the state that it says it leads to. */
export async function forkingCommit(member: Somebody, conversation: ConversationId): Promise<SignedEvent> {
  const work = createWork(viewOf(member));
  const group = await groupOf(work, conversation);
  const record = group && (await readRecord(work, group));
  if (group === null || record === null) throw new Error('no such group');
  const forger = await forgerOf({ run: (task) => task(work) }, group);
  const commit = await forgeCommit(forger, [], { confirmationTag: randomBytes(nodeSuite.kdf.size) });
  const { label, context, bytes } = GROUP_EVENT_EXPORTER;
  const key = await exportOf(forger, label, Buffer.from(context), bytes);
  return sealGroupEvent(key, record.routing, commit, Date.now());
}
