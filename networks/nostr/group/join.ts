import { randomInt } from 'node:crypto';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId, Millis } from '../../../shared/ids.ts';
import { seconds } from '../event.ts';
import { noteKeyPackageUsed } from '../key-package.ts';
import type { PublicKey } from '../keys.ts';
import { conversationOfGroup, conversationWith, peerOf } from '../names.ts';
import { peerChange, readPeer, writePeer } from '../peer-record.ts';
import type { Turn } from '../turn.ts';
import { dropOldNotes } from './commit-note.ts';
import { noteEntered, wasEntered } from './entered.ts';
import { takePast } from './past.ts';
import { placeDirect } from './replace.ts';
import { NOTHING_TOLD, readRecord, writeRecord, type GroupRecord } from './record.ts';
import { takeLost } from './said.ts';
import { allStaged, writeStaged } from './staged.ts';
import { faceOf, type GroupFace } from './view.ts';

/** Events may be dated a little before the invitation that they follow. */
const SKEW_SECONDS = 60 * 60;
/** New keys of my own soon after joining (RFC 9420 §16.8; Marmot, joining.md). Spread, so that many who join do not all commit at once. */
const FIRST_RENEWAL_MS = 5_000;
const SPREAD_MS_PER_MEMBER = 2_000;

/** An invitation that is to be followed. */
export interface Entry {
  readonly from: PublicKey;
  /** An MLSMessage. */
  readonly message: Uint8Array;
  /** Epoch seconds. */
  readonly madeAt: number;
}

/** Whether a group is a conversation of two: me, the one who invites, and no name. */
export function isDirect({ members, title }: GroupFace, me: PublicKey, from: PublicKey): boolean {
  return (
    title === '' && members.length === 2 && members.includes(me) && members.includes(from) && me !== from
  );
}

/** The conversation that an invitation leads to. */
export function conversationFor(
  turn: Turn,
  group: GroupKey,
  face: GroupFace,
  from: PublicKey,
): ConversationId {
  const { context, self } = turn.running;
  return isDirect(face, self.key, from)
    ? conversationWith(context.account, from)
    : conversationOfGroup(context.account, group);
}

/**
 * Joins. A group that I am in already is left behind first: its admin has added me anew, since the branch that I was added on lost, or I
 * was lost on one. What I said there is said again. False when the invitation does not hold (any more), or was followed before.
 */
export async function joinGroup(turn: Turn, { from, message, madeAt }: Entry): Promise<boolean> {
  const { running, work, ledger, now } = turn;
  const { engine, self } = running;
  const invitation = await engine.readWelcome(message, work, now);
  if (invitation.kind === 'refused') return false;
  const { group } = invitation;
  const face = faceOf(invitation.view);
  if (face.routing === null) return false;
  if (await wasEntered(turn, group, invitation.epoch)) return false;
  const before = await readRecord(work, group);
  if (before !== null) await leaveBehind(turn, group);
  const joined = await engine.join(message, work, now);
  if (joined.kind === 'refused') return false;
  const known = before ?? (await takePast(work, group));
  const direct = isDirect(face, self.key, from) ? from : null;
  const conversation = known?.conversation ?? conversationFor(turn, group, face, from);
  const record: GroupRecord = {
    conversation,
    direct: known === null ? direct : known.direct,
    routing: face.routing.group,
    relays: face.routing.relays,
    since: Math.min(madeAt, seconds(now)) - SKEW_SECONDS,
    told: known?.told ?? NOTHING_TOLD,
    out: null,
    leaving: null,
    renewAt: firstRenewal(now, face.members.length),
    forked: false,
    foundedAt: known?.foundedAt ?? madeAt,
    replaced: false,
  };
  await writeRecord(work, group, record);
  await noteEntered(work, group, invitation.epoch);
  await placeDirect(turn, group, record);
  await noteKeyPackageUsed(work);
  await writePeer(work, from, { ...(await readPeer(work, from)), accepted: true });
  ledger.changes.push(peerChange(from), {
    kind: 'conversation',
    id: conversation,
    patch: {
      ...(record.direct === null
        ? { kind: 'group', title: face.title }
        : { kind: 'direct', peer: peerOf(record.direct) }),
      protocol: 'mls',
      state: 'active',
    },
  });
  ledger.moved.add(group);
  ledger.grown.add(group);
  return true;
}

/** When somebody who has just joined renews their keys. */
export function firstRenewal(now: Millis, members: number): Millis {
  return now + FIRST_RENEWAL_MS + randomInt(SPREAD_MS_PER_MEMBER * Math.max(1, members - 1));
}

async function leaveBehind(turn: Turn, group: GroupKey): Promise<void> {
  const { running, work, ledger } = turn;
  const { epochs } = await running.engine.standing(group, work);
  for (const item of await takeLost(work, group, epochs, new Set()))
    ledger.outbound.push({ item, to: 'queued', reseal: 'branch-lost' });
  for (const [digest, staged] of await allStaged(work, group)) {
    if (staged.state === 'open')
      ledger.outbound.push({ item: staged.item, to: 'queued', reseal: 'commit-race-lost' });
    await writeStaged(work, group, digest, null);
  }
  await dropOldNotes(work, group, []);
  await running.engine.forget(group, work);
}
