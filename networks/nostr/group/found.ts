import { randomBytes } from 'node:crypto';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import type { FailureCode } from '../../../shared/lane/intent.ts';
import { seconds } from '../event.ts';
import type { PublicKey } from '../keys.ts';
import { groupComponents } from '../marmot/member.ts';
import type { NostrGroupId } from '../marmot/routing.ts';
import type { Turn } from '../turn.ts';
import { RENEWAL_MS } from './converge.ts';
import type { Found } from './invitees.ts';
import { NOTHING_TOLD, writeRecord, type GroupRecord } from './record.ts';
import { foundedNext, placeDirect } from './replace.ts';
import { passesRelays, sendWelcomes } from './welcomes.ts';

/** Members of the first commit; more are added after it (decision 10). */
export const MAX_FOUNDING = 40;

/** What came of it; a failure leaves writes that the caller drops. */
export type Founded =
  | { readonly kind: 'founded'; readonly group: GroupKey }
  | { readonly kind: 'failed'; readonly failure: FailureCode };

/**
 * Makes a group with these members, and sends them their way in. There is nobody yet whom a missing commit could leave behind, so it stands
 * at once (Marmot, joining.md, "Founding group creation"). In a conversation of two both are admins.
 */
export async function foundGroup(
  turn: Turn,
  of: {
    readonly conversation: ConversationId;
    readonly direct: PublicKey | null;
    readonly title: string;
    readonly members: readonly Found[];
    /** It says that it was founded later than this, in epoch seconds: the other side has a group of the two, and takes the later one. */
    readonly after?: number;
  },
): Promise<Founded> {
  const { running, work, ledger, now } = turn;
  const { engine, self } = running;
  const routing = { group: randomBytes(32).toString('hex') as NostrGroupId, relays: self.write };
  const admins = of.direct === null ? [self.key] : [self.key, of.direct];
  const components = groupComponents({ name: of.title, admins, routing });
  const group = await engine.createGroup(randomBytes(32), components, work, now);
  const changes = of.members.map(({ keyPackage }) => ({ kind: 'add', keyPackage }) as const);
  const staged = await engine.stage(group, changes, work, now);
  if (staged.kind === 'refused' || staged.welcome === null)
    return { kind: 'failed', failure: 'not-possible' };
  if (!passesRelays(turn, routing.relays, staged.welcome, of.members))
    return { kind: 'failed', failure: 'too-large' };
  await engine.applyPending(group, staged.digest, work, now);
  const at = Math.max(seconds(now), (of.after ?? 0) + 1);
  const foundedAt = await foundedNext(turn, of.conversation, at);
  const record: GroupRecord = {
    conversation: of.conversation,
    direct: of.direct,
    routing: routing.group,
    relays: routing.relays,
    // Nothing can have been said before under a name that was drawn now, whatever the clocks of others say.
    since: 0,
    told: NOTHING_TOLD,
    out: null,
    leaving: null,
    renewAt: now + RENEWAL_MS,
    forked: false,
    foundedAt,
    replaced: false,
  };
  await writeRecord(work, group, record);
  await placeDirect(turn, group, record);
  await sendWelcomes(turn, group, routing.relays, { message: staged.welcome, to: of.members }, foundedAt);
  ledger.moved.add(group);
  return { kind: 'founded', group };
}
