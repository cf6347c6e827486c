import { afterEach, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { freshId, peerId, type AccountId, type NetworkId, type ProtocolId } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { addAccount, findAccount } from '../../../storage/accounts.ts';
import { applyCommit } from './apply.ts';
import { nothingTouched } from '../touched.ts';
import { key, messageFrom, meeting, openedBy, openScene, withPeer, type Scene } from '../../sample/scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const YEARS_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
const NOW = 1_799_999_000_000;
const networks: readonly (readonly [NetworkId, ProtocolId, string, string])[] = [
  ['email', 'openpgp', 'AAAA', 'BBBB'],
  ['signal', 'signal', '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'],
  ['nostr', 'mls', 'aa'.repeat(32), 'bb'.repeat(32)],
];

/** What a server that does as it likes can bring a lane to say. */
function meet([network, protocol, ...identities]: (typeof networks)[number]) {
  scene = openScene(network);
  scene.now = NOW;
  const [alice, bob] = identities.map((identity) => {
    const peer = peerId(network, identity);
    const chat = withPeer(scene, peer);
    const met = meeting(chat, peer);
    scene.commit({
      ...met,
      changes: met.changes.map((change) =>
        change.kind === 'conversation' ? { ...change, patch: { ...change.patch, protocol } } : change,
      ),
    });
    return { peer, chat };
  });
  if (alice === undefined || bob === undefined) throw new Error('nobody');
  return { alice, bob };
}
const texts = () =>
  scene.db
    .all<{ readonly content: string }>("SELECT content FROM message WHERE kind = 'message' ORDER BY id")
    .map(({ content }) => (JSON.parse(content) as { readonly text: string }).text);

test.each(networks)('AT-61 on %s one deletes, edits and answers nothing of another', (...network) => {
  const { alice, bob } = meet(network);
  scene.commit({ changes: [messageFrom(alice.peer, alice.chat, 'a', 'from alice')] });
  for (const conversation of [alice.chat, bob.chat]) {
    const target = { conversation, key: key('a') };
    const evidence = openedBy(bob.peer);
    const changes: readonly Change[] = [
      { kind: 'delete', target, by: bob.peer },
      { kind: 'edit', target, by: bob.peer, content: textOnly('from bob'), evidence },
      { kind: 'reaction', target, by: bob.peer, emoji: ['👍'], evidence },
      { kind: 'receipt', receipt: { kind: 'read', of: key('a'), by: bob.peer, at: NOW } },
      { kind: 'delivery-failed', of: key('a'), why: 'bounced', at: NOW },
    ];
    for (const change of changes) scene.commit({ changes: [change] });
  }
  expect(texts()).toEqual(['from alice']);
  for (const table of ['reaction', 'receipt', 'revision'])
    expect(scene.db.all(`SELECT * FROM ${table}`)).toEqual([]);
  // Nor does Bob speak in her conversation.
  expect(() => scene.commit({ changes: [messageFrom(bob.peer, alice.chat, 'b', 'I am Alice')] })).toThrow(
    expect.objectContaining({ kind: 'refused' }),
  );
});

test.each(networks)(
  'AT-61 on %s an id that comes twice is the first one, whoever uses it again',
  (...network) => {
    const { alice, bob } = meet(network);
    scene.commit({ changes: [messageFrom(alice.peer, alice.chat, 'a', 'first')] });
    scene.commit({ changes: [messageFrom(alice.peer, alice.chat, 'a', 'second')] });
    scene.commit({ changes: [messageFrom(bob.peer, bob.chat, 'a', 'third')] });
    expect(texts()).toEqual(['first']);
  },
);

test.each(networks)('AT-61 on %s clocks ten years off order nothing', (...network) => {
  const { alice } = meet(network);
  const said = (name: string, sentAt: number): Change => ({
    ...(messageFrom(alice.peer, alice.chat, name, name) as Extract<Change, { kind: 'message' }>),
    sentAt,
  });
  const times = [NOW + YEARS_MS, 0, NOW - YEARS_MS, NOW];
  times.forEach((at, n) => void scene.commit({ changes: [said(`m${n}`, at)] }));
  // My own clock goes wrong, and comes back.
  for (const skew of [YEARS_MS, -YEARS_MS, 0]) {
    scene.now = NOW + skew;
    scene.commit({ changes: [said(`own${skew}`, NOW)] });
  }
  expect(texts()).toEqual(['m0', 'm1', 'm2', 'm3', `own${YEARS_MS}`, `own${-YEARS_MS}`, 'own0']);
});

test.each(networks)(
  'AT-61 on %s nothing crosses to another account, not even of the same network',
  (...network) => {
    const { alice } = meet(network);
    scene.commit({ changes: [messageFrom(alice.peer, alice.chat, 'a', 'from alice')] });
    const other = { ...scene.account, id: freshId<AccountId>(), address: 'other' };
    addAccount(scene.db, other);
    const account = findAccount(scene.db, other.id);
    if (account === null) throw new Error('no account');
    const commit = (changes: readonly Change[]) =>
      scene.db.transaction(() =>
        applyCommit(
          { db: scene.db, account, now: NOW, touched: nothingTouched() },
          { ...emptyCommit, changes },
          1,
        ),
      );
    const target = { conversation: alice.chat, key: key('a') };
    const refused = expect.objectContaining({ kind: 'refused' }) as unknown;
    expect(() => commit([messageFrom(alice.peer, alice.chat, 'b', 'over the other account')])).toThrow(
      refused,
    );
    expect(() => commit([{ kind: 'conversation', id: alice.chat, patch: { state: 'left' } }])).toThrow(
      refused,
    );
    expect(() => commit([{ kind: 'note', conversation: alice.chat, key: key('n'), code: 'not-opened', at: 1 }])).toThrow(refused); // prettier-ignore
    commit([
      { kind: 'delete', target, by: alice.peer },
      { kind: 'reaction', target, by: alice.peer, emoji: ['👍'], evidence: openedBy(alice.peer) },
      { kind: 'own-read', target, at: NOW },
    ]);
    expect(texts()).toEqual(['from alice']);
    expect(scene.conversation(alice.chat)).toMatchObject({ unread: 1, state: 'active' });
    expect(scene.db.all('SELECT * FROM reaction')).toEqual([]);
  },
);
