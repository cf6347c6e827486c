// The lane of e2e/bench/flood.ts, as a thread: knows two people, and floods when it is told to.
import { workerData } from 'node:worker_threads';
import { textOnly } from '../../shared/contract/content.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type NetworkKey,
  type PeerId,
} from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../shared/lane/protocol.ts';
import { parentPipe } from '../../shared/wire/parent.ts';
import { link } from '../../shared/wire/rpc.ts';
import { goodFacts, openedBy } from '../../worker/sample/scene.ts';
import type { Flood } from './flood.ts';

const { account, of, signs } = workerData as Flood;
const AT_ONCE = 100;

interface Somebody {
  readonly peer: PeerId;
  readonly chat: ConversationId;
  readonly name: string;
}
const somebody = (name: string): Somebody => {
  const peer = peerId('email', name.toUpperCase());
  return { peer, chat: directConversation(account as AccountId, peer), name };
};
const [alice, bob, stranger] = [somebody('Alice'), somebody('Bob'), somebody('Stranger')];
const line = link<Pick<LaneCalls, 'start' | 'stop'>, CoreCalls, LaneNews, Record<string, never>>({
  pipe: parentPipe(),
  serve: { start: () => (void run(), null), stop: () => null },
});

const meet = (
  { peer, chat, name }: Somebody,
  state: 'active' | 'request',
): Pick<Commit, 'changes' | 'forecasts'> => ({
  changes: [
    { kind: 'peer', peer, identity: name, address: `${name}@example.org`, name },
    { kind: 'conversation', id: chat, patch: { kind: 'direct', peer, protocol: 'openpgp', state } },
  ],
  forecasts: [{ conversation: chat, facts: [goodFacts(Date.now())], hold: null }],
});
const says = ({ peer, chat }: Somebody, key: string, text: string): Change => ({
  kind: 'message',
  target: { conversation: chat, key: key as NetworkKey },
  author: peer,
  sentAt: Date.now(),
  content: textOnly(text),
  evidence: openedBy(peer, goodFacts(Date.now())),
});

async function commit(more: Partial<Commit>): Promise<void> {
  const result = await line.call('commit', { commit: { ...emptyCommit, ...more } });
  if (!result.ok) throw new Error(`a commit was refused: ${result.why}`);
}

async function run(): Promise<void> {
  for (const one of [alice, bob]) {
    await commit(meet(one, 'active'));
    await commit({
      changes: Array.from({ length: 60 }, (_, n) => says(one, `${one.name}-${n}`, `Line ${n}`)),
    });
  }
  line.emit('status', { kind: 'online' });
  await Atomics.waitAsync(signs, 0, 0).value;
  await commit(meet(stranger, 'request'));
  const target = { conversation: alice.chat, key: 'Alice-59' as NetworkKey };
  const evidence = openedBy(alice.peer);
  // Of everything a fourth: words of a stranger, words of a friend, reactions and receipts, typing.
  for (let from = 0; from < of / 4; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, n) => from + n);
    await commit({ changes: numbers.map((n) => says(stranger, `s-${n}`, `Buy now ${n}`)) });
    await commit({ changes: numbers.map((n) => says(alice, `a-${n}`, `Hello again ${n}`)) });
    await commit({
      changes: numbers.map((n): Change =>
        n % 2
          ? { kind: 'reaction', target, by: alice.peer, emoji: [n % 4 === 1 ? '👍' : '🎉'], evidence }
          : {
              kind: 'receipt',
              receipt: { kind: 'read', of: 'nothing' as NetworkKey, by: alice.peer, at: n },
            },
      ),
    });
    for (const n of numbers)
      line.emit('typing', { conversation: (n % 4 < 2 ? bob : alice).chat, on: n % 2 === 0 });
  }
  Atomics.store(signs, 1, 1);
}
