import { textOnly } from '../../shared/contract/content.ts';
import { directConversation, peerId, type ConversationId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { Commit } from '../../shared/lane/commit.ts';
import type { Known } from './scripted.ts';
import { ACCOUNT } from './scripted.ts';
import { key } from './scene.ts';

/** For tests: somebody on Signal as a lane of that network tells of them. The peer is the service id; what is compared is the key. */
export const BOB = peerId('signal', '3f2c8a52-0d6e-4f0e-9a53-6f1f6c6f3a01');
export const BOBS_KEY = `05${'b0'.repeat(32)}`;
export const BOBS_OTHER_KEY = `05${'0b'.repeat(32)}`;
export const BOB_CHAT: ConversationId = directConversation(ACCOUNT, BOB);

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Facts of a session as good as Signal's. */
export function sessionFacts(asOf = 1_000): SecurityFacts {
  const fact = <T>(is: T) => ({ is, asOf, by: 'session' }) as const;
  return {
    endToEnd: fact(true),
    otherKeyHolders: fact([]),
    forwardSecrecy: fact({ withinMs: DAY_MS } as const),
    recovery: fact({ withinMs: DAY_MS } as const),
    postQuantum: fact('ongoing'),
    authenticated: fact(true),
    exposed: fact([]),
    engine: fact({ name: 'libsignal', version: '0.103.0', review: 'audited' } as const),
  };
}

/** The changes that make a direct conversation on Signal, and its first forecast. */
export function bobMet(
  chat: ConversationId = BOB_CHAT,
  state: 'active' | 'request' = 'active',
): Pick<Commit, 'changes' | 'forecasts'> {
  return {
    changes: [
      { kind: 'peer', peer: BOB, identity: BOBS_KEY, address: '+15550100', name: 'Bob' },
      {
        kind: 'conversation',
        id: chat,
        patch: { kind: 'direct', peer: BOB, protocol: 'signal', state },
      },
    ],
    forecasts: [{ conversation: chat, facts: [sessionFacts(Date.now())], hold: null }],
  };
}

export const bob: Known = {
  network: 'signal',
  peer: BOB,
  chat: BOB_CHAT,
  met: bobMet(),
  facts: () => sessionFacts(Date.now()),
};

export const openedFromBob = (identity = BOBS_KEY): Evidence => ({
  how: 'opened-here',
  at: 1_000,
  facts: [sessionFacts()],
  details: [{ name: 'sealed-sender', value: 'yes' }],
  from: { peer: BOB, key: identity, trust: { kind: 'unchecked' }, proof: 'session' },
});

/** A message of his. */
export const bobSays = (
  sentAt: number,
  text: string,
  more: Partial<Extract<Change, { readonly kind: 'message' }>> = {},
): Change => ({
  kind: 'message',
  target: { conversation: BOB_CHAT, key: key(`${BOB.slice('signal|'.length)}:${sentAt}`) },
  author: BOB,
  sentAt,
  content: textOnly(text),
  evidence: openedFromBob(),
  ...more,
});
