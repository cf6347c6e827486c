import {
  directConversation,
  type AccountId,
  type ConversationId,
  type NetworkId,
  type PeerId,
} from '../../shared/ids.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { CreateLane, Lane, LaneContext, Performed } from '../../shared/lane/lane.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import { addAccount } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';
import { ALICE, goodFacts, meeting, sealedFor } from './scene.ts';
import { startRig, type Rig } from './rig.ts';

export const ACCOUNT = 'account' as AccountId;
export const CHAT: ConversationId = directConversation(ACCOUNT, ALICE);

/** Whom a scripted lane knows, and how. */
export interface Known {
  readonly network: NetworkId;
  readonly peer: PeerId;
  readonly chat: ConversationId;
  readonly met: Pick<Commit, 'changes' | 'forecasts'>;
  /** What is sealed for them is sealed under. */
  readonly facts: () => SecurityFacts;
}
const alice: Known = {
  network: 'email',
  peer: ALICE,
  chat: CHAT,
  met: meeting(CHAT, ALICE),
  facts: goodFacts,
};

/** The account {@link ACCOUNT}, as if it had been added before. */
export function addTestAccount(db: Database, network: NetworkId = 'email'): void {
  addAccount(db, {
    id: ACCOUNT,
    network,
    address: 'me@example.org',
    displayName: 'Me',
    environment: 'test',
    createdAt: 1,
  });
}

/** Seals under good facts and says it was sent. */
export async function sendWell(
  item: OutboxItem,
  context: LaneContext,
  peer: PeerId,
  facts: SecurityFacts = goodFacts(),
): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation && item.state === 'queued') {
    const sealed = await context.commit({
      ...emptyCommit,
      forecasts: [{ conversation, facts: [facts], hold: null }],
      outbound: [
        {
          item: item.id,
          to: 'sealed',
          evidence: sealedFor(peer, facts),
          artifacts: [{ to: 'them', identity: 'K', bytes: new Uint8Array([1]), outcome: 'pending' }],
        },
      ],
    });
    if (!sealed.ok) return { kind: 'done' };
  }
  await context.commit({ ...emptyCommit, outbound: [{ item: item.id, to: 'sent' }] });
  return { kind: 'done' };
}

/** A lane that does as it is told: knows somebody (Alice), is online, sends well; `overrides` replace any of it. */
export function scriptedLane(
  overrides: Partial<Lane> = {},
  known: Known = alice,
): {
  readonly create: CreateLane;
  readonly context: () => LaneContext;
  /** What it was given to perform. */
  readonly performed: OutboxItem[];
} {
  let context: LaneContext | null = null;
  const performed: OutboxItem[] = [];
  const given = (): LaneContext => {
    if (!context) throw new Error('the lane has not been started');
    return context;
  };
  return {
    context: given,
    performed,
    create: () => ({
      start: async (made) => {
        context = made;
        await made.commit({ ...emptyCommit, ...known.met });
        made.status({ kind: 'online' });
      },
      stop: async () => undefined,
      hint: () => undefined,
      perform: (item) => {
        performed.push(item);
        return sendWell(item, given(), known.peer, known.facts());
      },
      // oxlint-disable-next-line require-yield
      flow: async function* () {
        return null;
      },
      ...overrides,
    }),
  };
}

/** A rig with {@link ACCOUNT} online over a scripted lane, and a conversation with whom it knows (Alice). */
export async function openScripted(
  overrides: Partial<Lane> = {},
  known: Known = alice,
  more: Pick<Parameters<typeof startRig>[0], 'clock'> = {},
): Promise<{ readonly rig: Rig; readonly lane: ReturnType<typeof scriptedLane> }> {
  const lane = scriptedLane(overrides, known);
  const rig = await startRig({
    ...more,
    lanes: { [known.network]: lane.create },
    prepare: (db) => addTestAccount(db, known.network),
  });
  await rig.page.until('changed', (changed) => changed.conversations.includes(known.chat));
  return { rig, lane };
}
