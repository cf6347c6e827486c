import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { NetworkKey, PeerId } from '../../../shared/ids.ts';
import type { Change, ConversationPatch } from '../../../shared/lane/change.ts';
import type { Forecast } from '../../../shared/lane/commit.ts';
import type { PublicKey } from '../keys.ts';
import { peerOf } from '../names.ts';
import { peerChange } from '../peer-record.ts';
import type { Turn } from '../turn.ts';
import { groupOf, readRecord, stays, writeRecord, type GroupRecord, type Told } from './record.ts';
import { faceNow, type GroupFace } from './view.ts';

/** Tells core of every group that moved: who is in it, what it is called, and the facts of the next send. */
export async function settleGroups(turn: Turn): Promise<readonly Forecast[]> {
  const forecasts: Forecast[] = [];
  for (const group of turn.ledger.moved) {
    const record = await readRecord(turn.work, group);
    if (record === null || record.replaced) continue;
    const isIn = await tell(turn, group, record, await faceNow(turn, group));
    if (!isIn || (await groupOf(turn.work, record.conversation)) !== group) continue;
    const facts = await turn.running.engine.forecast(group, turn.work, turn.now);
    forecasts.push({ conversation: record.conversation, facts, hold: record.forked ? 'fork' : null });
  }
  return forecasts;
}

/** Tells what core has not heard yet; gives whether I am in. */
async function tell(turn: Turn, group: GroupKey, record: GroupRecord, face: GroupFace): Promise<boolean> {
  const { work, running, ledger } = turn;
  const me = running.self.key;
  const isIn = stays(record) && !face.disbanded && face.members.includes(me);
  const members = face.members.filter((key) => isIn || key !== me);
  const told: Told = {
    members,
    admins: face.admins.filter((key) => members.includes(key)),
    title: face.title,
    leaves: face.leaves.map(({ name }) => name),
  };
  const routing = isIn ? face.routing : null;
  const next = { ...record, told, ...(routing ? { routing: routing.group, relays: routing.relays } : {}) };
  if (JSON.stringify(next) !== JSON.stringify(record)) await writeRecord(work, group, next);
  if (JSON.stringify(told) === JSON.stringify(record.told)) return isIn;
  const fresh = members.filter((key) => key !== me && !record.told.members.includes(key));
  ledger.changes.push(...fresh.map(peerChange), ...deviceNotes(turn, record, face));
  if (record.direct !== null) {
    const state = isIn && members.includes(record.direct) ? 'active' : 'left';
    if ((await groupOf(work, record.conversation)) === group)
      ledger.changes.push({ kind: 'conversation', id: record.conversation, patch: { state } });
    return isIn;
  }
  const namer = ledger.namers.get(group);
  const patch: ConversationPatch = {
    state: isIn ? 'active' : 'left',
    title: face.title,
    ...(namer === undefined ? {} : { by: namer === me ? 'me' : peerOf(namer) }),
  };
  ledger.changes.push({ kind: 'conversation', id: record.conversation, patch });
  ledger.changes.push(...memberChanges(turn, group, record, told));
  return isIn;
}

/** A row for each device that came to an account which was there before: whoever holds its key may add one, and it reads along. */
function deviceNotes(
  { running, now }: Turn,
  { conversation, told }: GroupRecord,
  { leaves, members }: GroupFace,
): readonly Change[] {
  if (told.leaves.length === 0 || !members.includes(running.self.key)) return [];
  const come = leaves.filter(
    ({ account, name }) => told.members.includes(account) && !told.leaves.includes(name),
  );
  return come.map(({ account, name }) => ({
    kind: 'note',
    conversation,
    key: `note|new-device|${conversation}|${name}` as NetworkKey,
    code: 'new-device',
    at: now,
    of: [account === running.self.key ? 'me' : peerOf(account)],
  }));
}

type MemberChange = Extract<Change, { readonly kind: 'member' }>;

function memberChanges(
  { running, ledger }: Turn,
  group: GroupKey,
  { told: before, conversation, leaving }: GroupRecord,
  now: Told,
): readonly MemberChange[] {
  const me = running.self.key;
  const named = (key: PublicKey): PeerId | 'me' => (key === me ? 'me' : peerOf(key));
  const doers = ledger.doers.get(group);
  const change = (key: PublicKey, act: MemberChange['act']): MemberChange => {
    const doer = doers?.get(key) ?? null;
    return { kind: 'member', conversation, peer: named(key), act, by: doer === null ? null : named(doer) };
  };
  const went = (key: PublicKey): MemberChange['act'] => {
    const alone = doers?.get(key) === key || (key === me && leaving !== null);
    return alone ? 'left' : 'removed';
  };
  const gone = before.members.filter((key) => !now.members.includes(key));
  const come = now.members.filter((key) => !before.members.includes(key));
  const raised = now.admins.filter((key) => !before.admins.includes(key));
  const lowered = before.admins.filter((key) => now.members.includes(key) && !now.admins.includes(key));
  return [
    ...gone.map((key) => change(key, went(key))),
    ...come.map((key) => change(key, 'joined')),
    ...raised.map((key) => change(key, 'promoted')),
    ...lowered.map((key) => change(key, 'demoted')),
  ];
}
