import type { GroupKey } from '../../crypto/mls/cells.ts';
import { createMlsEngine } from '../../crypto/mls/create-engine.ts';
import { marmotProfile, marmotRules } from '../../crypto/mls/marmot-rules.ts';
import { nodeSuite } from '../../crypto/mls/suite.ts';
import { groupOf, readRecord } from '../../networks/nostr/group/record.ts';
import type { ConversationRow, Members } from '../../shared/contract/conversation.ts';
import type { ConversationId, PeerId } from '../../shared/ids.ts';
import { createWork } from '../../shared/lane/work.ts';
import { viewOf, type Somebody } from '../../worker/sample/nostr-world.ts';

/** The state of a group of MLS: who has the same authenticator is in the same epoch of the same branch. */
export interface GroupState {
  /** For whoever reads of a fault. */
  readonly epoch: string;
  readonly authenticator: string;
  /** Sorted. */
  readonly members: readonly string[];
}

/** A group that its row says I am in. */
export const isMyGroup = ({ kind, state }: Pick<ConversationRow, 'kind' | 'state'>): boolean =>
  kind === 'group' && state === 'active';

/** Who is in a group of those that the page shows, and not only to be. */
export const joinedOf = ({ rows }: Pick<Members, 'rows'>): readonly PeerId[] =>
  rows.filter(({ role }) => role !== 'invited').map(({ peer }) => peer);

/** The state of a group in somebody's database, read with an engine of the test's own. */
export async function groupStateOf(one: Somebody, chat: ConversationId): Promise<GroupState> {
  const work = createWork(viewOf(one));
  const group: GroupKey | null = await groupOf(work, chat);
  if (group === null) return { epoch: 'none', authenticator: '', members: [] };
  const engine = createMlsEngine({
    suite: nodeSuite,
    rules: marmotRules(() => true),
    profile: marmotProfile,
    me: { identity: new Uint8Array(32), leafComponents: () => new Map() },
  });
  const standing = await engine.standing(group, work);
  const authenticator = Buffer.from(await engine.epochAuthenticator(group, work)).toString('hex');
  const out = (await readRecord(work, group))?.out !== null;
  const members = standing.view.members.map(
    ({ identity }) => `nostr|${Buffer.from(identity).toString('hex')}`,
  );
  return {
    epoch: `${standing.current.number}/${authenticator.slice(0, 6)}${out ? ' (out)' : ''}`,
    authenticator,
    members: [...new Set(members)].toSorted(),
  };
}
