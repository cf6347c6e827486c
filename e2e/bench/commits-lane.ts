// The lane of e2e/bench/commits.ts, as a thread: knows everything it will say before it starts.
import { workerData } from 'node:worker_threads';
import { textOnly } from '../../shared/contract/content.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type EnvelopeKey,
  type NetworkKey,
  type PeerId,
} from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../shared/lane/protocol.ts';
import { ABSENT, type StateKey } from '../../shared/lane/state.ts';
import { parentPipe } from '../../shared/wire/parent.ts';
import { link } from '../../shared/wire/rpc.ts';
import { sessionFacts } from '../../worker/sample/signal.ts';
import type { Drain } from './commits.ts';

const { account, messages, perCommit, senders } = workerData as Drain;
const WORDS = 12;
const VOCABULARY = 20_000;
/** A session with its post-quantum ratchet. */
const SESSION_BYTES = 2_500;

/** A small generator with a fixed seed (mulberry32), so that every run says the same. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomOf(1);
const word = (): string => `w${Math.floor(random() * VOCABULARY).toString(36)}`;

const service = (sender: number): string => `00000000-0000-4000-8000-${String(sender).padStart(12, '0')}`;
const keyOf = (sender: number): string => `05${sender.toString(16).padStart(64, '0')}`;
const peerOf = (sender: number): PeerId => peerId('signal', service(sender));
const sessionOf = (sender: number): StateKey => ({ space: 'session/ACI', key: `${service(sender)}.1` });

/** What the lane says of one message: who, in which conversation, what. */
function changesOf(sender: number, at: number): readonly Change[] {
  const peer = peerOf(sender);
  const conversation = directConversation(account as AccountId, peer);
  const details = [
    { name: 'suite', value: 'PQXDH, Double Ratchet, SPQR' },
    { name: 'step', value: String(at) },
    { name: 'own-key', value: keyOf(9_999) },
    { name: 'peer-key', value: keyOf(sender) },
    { name: 'sealed-sender', value: 'yes' },
  ] as const;
  return [
    { kind: 'peer', peer, identity: keyOf(sender), address: null, name: `Sender ${sender}` },
    {
      kind: 'conversation',
      id: conversation,
      patch: { kind: 'direct', peer, protocol: 'signal', state: 'active' },
    },
    {
      kind: 'message',
      target: { conversation, key: `${service(sender)}:${at}` as NetworkKey },
      author: peer,
      sentAt: at,
      content: textOnly(Array.from({ length: WORDS }, word).join(' ')),
      evidence: {
        how: 'opened-here',
        at,
        facts: [sessionFacts(at)],
        details,
        from: { peer, key: keyOf(sender), trust: { kind: 'unchecked' }, proof: 'session' },
      },
    },
  ];
}

function commitOf(from: number): Commit {
  const numbers = Array.from({ length: perCommit }, (_, index) => from + index);
  const startedAt = Date.now() - messages;
  return {
    ...emptyCommit,
    changes: numbers.flatMap((number) => changesOf(number % senders, startedAt + number)),
    forecasts: numbers.map((number) => ({
      conversation: directConversation(account as AccountId, peerOf(number % senders)),
      facts: [sessionFacts(startedAt + number)],
      hold: null,
    })),
    inbound: numbers.map((number) => ({ kind: 'consumed', envelope: `guid ${number}` as EnvelopeKey })),
  };
}

const commits = Array.from({ length: messages / perCommit }, (_, index) => commitOf(index * perCommit));

const line = link<Pick<LaneCalls, 'start' | 'stop'>, CoreCalls, LaneNews, Record<string, never>>({
  pipe: parentPipe(),
  serve: { start: () => (void drain(), null), stop: () => null },
});

async function drain(): Promise<void> {
  line.emit('status', { kind: 'catching-up', left: messages });
  for (const commit of commits) {
    const work = await Promise.all(
      Array.from({ length: senders }, async (_, sender) => {
        const key = sessionOf(sender);
        const cell = await line.call('state.get', { key });
        return { key, value: new Uint8Array(SESSION_BYTES), expect: cell?.version ?? ABSENT };
      }),
    );
    const result = await line.call('commit', { commit: { ...commit, work } });
    if (!result.ok) throw new Error(`a commit was refused: ${result.why}`);
  }
  line.emit('status', { kind: 'online' });
}
