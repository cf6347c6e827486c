import type { PeerId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import { codeText, comparedCodes } from '../../shared/code.ts';
import { compare, wordsAloud, type Judgement } from '../../shared/lane/compare.ts';
import { createWork } from '../../shared/lane/work.ts';
import { groupOf } from './group/record.ts';
import { fromHex } from './hex.ts';
import { inviteLink, readInvite } from './invite.ts';
import { npub } from './key-code.ts';
import type { PublicKey } from './keys.ts';
import { conversationWith, keyOfPeer, peerOf } from './names.ts';
import { openDirect } from './open-direct.ts';
import { readPeer, writePeer } from './peer-record.ts';
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

/** What a scanned npub or nprofile says. */
function judge(scanned: Uint8Array, own: PublicKey, theirs: PublicKey): Judgement {
  const read = readInvite(codeText(scanned) ?? '', own);
  if (read.kind === 'failed') return read.why === 'code-own' ? 'own' : 'unreadable';
  return read.invite.key === theirs ? 'match' : 'differs';
}

/** Compares keys: mine and theirs as they stand on both screens. Both are whole public keys; there is no shorter number for them. */
export async function* check(running: Running, peer: PeerId): Steps {
  const key = keyOfPeer(peer);
  if (key === null) {
    yield failed('no-key');
    return null;
  }
  const [own, theirs] = [npub(running.self.key), npub(key)];
  const compared = yield* compare(
    {
      theirs,
      values: [
        { of: 'theirs', number: theirs, words: wordsAloud(fromHex(key)) },
        { of: 'own', number: own, words: wordsAloud(fromHex(running.self.key)) },
      ],
      code: Buffer.from(`nostr:${own}`, 'utf8'),
      accepts: comparedCodes.nostr,
    },
    (scanned) => judge(scanned, running.self.key, key),
  );
  if (compared.kind === 'failed') {
    yield failed(compared.why);
    return null;
  }
  const { result } = await transact(running, async ({ work, ledger, now }) => {
    await writePeer(work, key, { ...(await readPeer(work, key)), checkedAt: now });
    const trust = { kind: 'checked', at: now, by: compared.by } as const;
    ledger.changes.push({ kind: 'identity', peer, was: theirs, now: theirs, trust });
  });
  const conversation = conversationWith(running.context.account, key);
  const isThere = (await groupOf(createWork(running.context.view), conversation)) !== null;
  yield result.ok ? { kind: 'done', conversation: isThere ? conversation : null, peer } : failed('internal');
  return null;
}
