import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { peerId, type EnvelopeKey, type PeerId } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Commit } from '../../../shared/lane/commit.ts';
import { trustOf } from '../../../storage/peers.ts';
import { clearFacts, key, openScene, withPeer, type Scene } from '../../sample/scene.ts';
import { openedFromBob, sessionFacts } from '../../sample/signal.ts';

const people = [peerId('signal', 'one'), peerId('signal', 'two')] as const;
const keys = ['05aa', '05bb'] as const;

/** What a lane says with one envelope. */
type Said = {
  readonly from: 0 | 1;
  readonly key: 0 | 1;
  readonly state: 'request' | 'active' | 'left';
  readonly title: string;
  readonly name: string | null;
  readonly text: string;
  readonly clear: boolean;
  readonly hold: 'guard' | 'no-key' | null;
  readonly changed: boolean;
};
const said: fc.Arbitrary<Said> = fc.record({
  from: fc.constantFrom(0, 1),
  key: fc.constantFrom(0, 0, 0, 1),
  state: fc.constantFrom('request', 'active', 'active', 'left'),
  title: fc.constantFrom('a', 'b'),
  name: fc.constantFrom(null, 'Ann', 'Bea'),
  text: fc.constantFrom('', 'hello there', 'good morning'),
  clear: fc.boolean(),
  hold: fc.constantFrom(null, null, 'guard', 'no-key'),
  changed: fc.boolean(),
});

function commitOf(
  scene: Scene,
  { from, ...what }: Said,
  number: number,
): Pick<Commit, 'changes' | 'forecasts' | 'inbound'> {
  const peer: PeerId = people[from];
  const conversation = withPeer(scene, peer);
  const identity = keys[what.key];
  const patch = { kind: 'direct', peer, protocol: 'signal', state: what.state, title: what.title } as const;
  const evidence = {
    ...openedFromBob(identity),
    from: { peer, key: identity, trust: { kind: 'unchecked' }, proof: 'session' },
  };
  return {
    changes: [
      { kind: 'peer', peer, identity, address: null, name: what.name },
      { kind: 'conversation', id: conversation, patch },
      ...(what.changed
        ? [{ kind: 'identity', peer, was: null, now: identity, trust: { kind: 'unchecked' } } as const]
        : []),
      {
        kind: 'message',
        target: { conversation, key: key(`m${number}`) },
        author: peer,
        sentAt: number,
        content: textOnly(what.text),
        evidence,
      } as Change,
    ],
    forecasts: [{ conversation, facts: [what.clear ? clearFacts() : sessionFacts()], hold: what.hold }],
    inbound: [{ kind: 'consumed', envelope: `e${number}` as EnvelopeKey }],
  };
}

/** Everything that stands in the end, but for how often a label was derived and what a row is called. */
function standing(scene: Scene): unknown {
  const conversations = people.map((peer) => {
    const known = scene.db.get('SELECT 1 FROM conversation WHERE id = ?', withPeer(scene, peer));
    if (!known) return null;
    const { state, title, label, hold, unread, forecast } = scene.conversation(withPeer(scene, peer));
    return { state, title, label, hold, unread, forecast, trust: trustOf(scene.db, scene.account.id, peer) };
  });
  return {
    conversations,
    peers: scene.db.all('SELECT id, identity, name FROM peer ORDER BY id'),
    messages: scene.db.all(
      "SELECT author, key, content, words, evidence FROM message WHERE kind = 'message' ORDER BY id",
    ),
    inbound: scene.db.all('SELECT envelope, outcome FROM inbound ORDER BY envelope'),
  };
}

test('many envelopes in one commit leave what they leave one by one', () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 12 }), (all) => {
      const [single, batch] = [openScene('signal'), openScene('signal')];
      try {
        all.forEach((each, number) => void single.commit(commitOf(single, each, number)));
        const parts = all.map((each, number) => commitOf(batch, each, number));
        batch.commit({
          changes: parts.flatMap(({ changes }) => changes),
          forecasts: parts.flatMap(({ forecasts }) => forecasts),
          inbound: parts.flatMap(({ inbound }) => inbound),
        });
        expect(standing(batch)).toEqual(standing(single));
      } finally {
        single.close();
        batch.close();
      }
    }),
    { numRuns: 40 },
  );
});
