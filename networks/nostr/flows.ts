import type { PeerId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { groupOf } from './group/record.ts';
import { inviteLink, readInvite } from './invite.ts';
import { npub } from './key-code.ts';
import { conversationWith, keyOfPeer, peerOf } from './names.ts';
import { openDirect } from './open-direct.ts';
import { readPeer, trustIn, writePeer } from './peer-record.ts';
import { followRequests } from './perform-accepted.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

type Steps = AsyncGenerator<FlowStep, null, FlowAnswer | undefined>;

const failed = (why: FlowFailure): FlowStep => ({ kind: 'failed', why });

/** Shows the link that others reach me with, for as long as somebody looks. It is public and does not run out. */
export async function* invite({ self }: Running, signal: AbortSignal): Steps {
  yield { kind: 'show-code', text: inviteLink(self.key, self.write), expiresAt: null };
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield failed('cancelled');
  return null;
}

/**
 * Opens a conversation with whom a link, npub or nprofile names: with the group that they wait in if they have invited me, with a new one of
 * us two else. Their relays learn that somebody asks for this key.
 */
export async function* chat(running: Running, address: string, typed: 'address' | 'link' = 'address'): Steps {
  const read = readInvite(address, running.self.key);
  if (read.kind === 'failed') {
    yield failed(read.why === 'code-malformed' && typed === 'address' ? 'address-malformed' : read.why);
    return null;
  }
  yield { kind: 'progress', stage: 'asking' };
  const { key, relays } = read.invite;
  const conversation = conversationWith(running.context.account, key);
  const { result, value: followed } = await transact(running, (turn) => followRequests(turn, conversation));
  if (!result.ok) {
    yield failed('internal');
    return null;
  }
  if (followed) {
    yield { kind: 'done', conversation, peer: peerOf(key) };
    return null;
  }
  const missing = await openDirect(running, key, relays);
  yield missing === null
    ? { kind: 'done', conversation, peer: peerOf(key) }
    : failed(missing === 'no-key' ? 'no-key' : 'server-unreachable');
  return null;
}

/** Compares keys: mine and theirs as they stand on both screens. Both are whole public keys; there is no shorter number for them. */
export async function* check(running: Running, peer: PeerId): Steps {
  const key = keyOfPeer(peer);
  if (key === null) {
    yield failed('no-key');
    return null;
  }
  const [own, theirs] = [npub(running.self.key), npub(key)];
  const answer: FlowAnswer | undefined = yield { kind: 'compare', own, theirs };
  if (answer?.kind !== 'yes') {
    yield failed('proof-failed');
    return null;
  }
  const { result } = await transact(running, async ({ work, ledger, now }) => {
    const checked = { ...(await readPeer(work, key)), checkedAt: now };
    await writePeer(work, key, checked);
    ledger.changes.push({ kind: 'identity', peer, was: theirs, now: theirs, trust: trustIn(checked) });
  });
  const conversation = conversationWith(running.context.account, key);
  const isThere = (await groupOf(createWork(running.context.view), conversation)) !== null;
  yield result.ok ? { kind: 'done', conversation: isThere ? conversation : null, peer } : failed('internal');
  return null;
}
