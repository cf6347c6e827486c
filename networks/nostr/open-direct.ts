import type { ConversationId } from '../../shared/ids.ts';
import { foundGroup } from './group/found.ts';
import { lookFor } from './group/invitees.ts';
import { groupOf, isWhole, readRecord } from './group/record.ts';
import { isUninvited } from './group/uninvited.ts';
import { faceNow } from './group/view.ts';
import type { PublicKey } from './keys.ts';
import { conversationWith, peerOf } from './names.ts';
import { peerChange, readPeer, writePeer } from './peer-record.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Running } from './running.ts';
import { transact, type Turn } from './turn.ts';

/** Whether the group of a conversation still has us both, in one state, and the other was invited to it. */
async function isAlive(turn: Turn, conversation: ConversationId, key: PublicKey): Promise<boolean> {
  const group = await groupOf(turn.work, conversation);
  const record = group && (await readRecord(turn.work, group));
  if (group === null || !isWhole(record) || (await isUninvited(turn.work, group))) return false;
  return (await faceNow(turn, group)).members.includes(key);
}

/**
 * Looks for somebody at relays, theirs by `hints` among them, and opens the conversation: a group of the two of us, unless there is one that
 * works. One that fell apart is replaced.
 * Null when it stands. `after`: see {@link foundGroup}.
 */
export async function openDirect(
  running: Running,
  key: PublicKey,
  hints: readonly RelayUrl[] = [],
  after = 0,
): Promise<null | 'no-key' | 'unreachable'> {
  const looked = await lookFor(running, key, hints);
  if (looked.kind !== 'found') return looked.kind;
  const conversation = conversationWith(running.context.account, key);
  const { result, value } = await transact(running, async (turn) => {
    const { work, ledger } = turn;
    const peer = await readPeer(work, key);
    await writePeer(work, key, { ...peer, accepted: true, hints: hints.length > 0 ? hints : peer.hints });
    ledger.changes.push(peerChange(key), {
      kind: 'conversation',
      id: conversation,
      patch: { kind: 'direct', peer: peerOf(key), protocol: 'mls', state: 'active' },
    });
    if (await isAlive(turn, conversation, key)) return true;
    const point = work.savepoint();
    const members = [looked.found];
    const founded = await foundGroup(turn, { conversation, direct: key, title: '', members, after });
    if (founded.kind === 'failed') point.drop();
    return founded.kind === 'founded';
  });
  if (!result.ok) return 'unreachable';
  return value ? null : 'no-key';
}
