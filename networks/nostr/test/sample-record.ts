import type { ConversationId } from '../../../shared/ids.ts';
import { NOTHING_TOLD, type GroupRecord } from '../group/record.ts';
import type { NostrGroupId } from '../marmot/routing.ts';
import { RELAY } from './trial.ts';

/** The record of a group that I am in and nothing is the matter with, but for what a test says of it. */
export const sampleRecord = (more: Partial<GroupRecord> = {}): GroupRecord => ({
  conversation: 'chat' as ConversationId,
  direct: null,
  routing: 'cd'.repeat(32) as NostrGroupId,
  relays: [RELAY],
  since: 0,
  told: NOTHING_TOLD,
  out: null,
  leaving: null,
  renewAt: 0,
  forked: false,
  foundedAt: 0,
  replaced: false,
  ...more,
});
