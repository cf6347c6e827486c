import { afterEach, expect, test } from 'vitest';
import { directConversation, peerId, type NetworkKey } from '../../shared/ids.ts';
import type { Events } from '../../shared/contract/events.ts';
import { MAX_EVENTS_PER_SECOND } from '../../shared/contract/events.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { MAX_KEPT } from '../../storage/strangers.ts';
import type { Rig } from '../sample/rig.ts';
import { goodFacts, meeting, messageFrom, openedBy } from '../sample/scene.ts';
import { ACCOUNT, openScripted } from '../sample/scripted.ts';

/** Of each kind; `npm run fuzz` makes it a hundred thousand. */
const FLOOD = Number(process.env['FLOOD'] ?? 1_000);
const AT_ONCE = 100;
const FLOOD_MS = 30_000 + FLOOD * 10;

let rig: Rig;
afterEach(() => rig.close());

const networks = [
  ['email', 'openpgp', 'FRIEND', 'STRANGER'],
  ['signal', 'signal', '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'],
  ['nostr', 'mls', 'aa'.repeat(32), 'bb'.repeat(32)],
] as const;

test.each(networks)(
  'AT-59 on %s a flood of messages, receipts, reactions and typing is told in few words, rings nobody and is answered by nothing',
  { timeout: FLOOD_MS },
  async (network, protocol, ...identities) => {
    const [friend, stranger] = identities.map((identity) => {
      const peer = peerId(network, identity);
      return { peer, chat: directConversation(ACCOUNT, peer) };
    });
    if (friend === undefined || stranger === undefined) throw new Error('nobody');
    const patched = ({ peer, chat }: typeof friend, state: 'active' | 'request') => {
      const met = meeting(chat, peer);
      const changes = met.changes.map((change): Change =>
        change.kind === 'conversation' ? { ...change, patch: { ...change.patch, protocol, state } } : change,
      );
      return { ...met, changes };
    };
    const known = { network, ...friend, facts: goodFacts, met: patched(friend, 'active') };
    const { rig: opened, lane } = await openScripted({}, known);
    rig = opened;
    const context = lane.context();
    const commit = (changes: readonly Change[]) => context.commit({ ...emptyCommit, changes });
    await context.commit({ ...emptyCommit, ...patched(stranger, 'request') });
    await commit([messageFrom(friend.peer, friend.chat, 'from-a-friend', 'hello')]);
    await rig.page.until('changed', ({ messages }) => messages.length > 0);
    const target = { conversation: friend.chat, key: 'from-a-friend' as NetworkKey };
    const [before, rang] = [rig.page.heard.length, rig.shell.notices.length];

    const startedAt = performance.now();
    for (let from = 0; from < FLOOD; from += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, n) => from + n);
      for (const n of numbers) for (const { chat } of [friend, stranger]) context.typing(chat, n % 2 === 0);
      await commit(numbers.map((n) => messageFrom(stranger.peer, stranger.chat, `m${n}`, 'buy now')));
      await commit(
        numbers.flatMap((n): readonly Change[] => [
          {
            kind: 'reaction',
            target,
            by: friend.peer,
            emoji: [n % 2 ? '👍' : '🎉'],
            evidence: openedBy(friend.peer),
          },
          {
            kind: 'receipt',
            receipt: { kind: 'read', of: `nothing-${n % 7}` as NetworkKey, by: stranger.peer, at: n },
          },
        ]),
      );
    }
    // What was gathered last is told before this is.
    await rig.page.until('changed', ({ conversations }) => conversations.includes(stranger.chat));
    const slots = ((performance.now() - startedAt) / 1_000) * MAX_EVENTS_PER_SECOND + 2;
    const heard = rig.page.heard.slice(before);
    const changed = heard.flatMap(({ name, payload }) =>
      name === 'changed' ? [payload as Events['changed']] : [],
    );
    const typing = heard.filter(({ name }) => name === 'typing');
    expect(changed.length).toBeLessThanOrEqual(slots);
    expect(typing.length).toBeLessThanOrEqual(slots);
    for (const { payload } of typing) expect(payload).toMatchObject({ conversation: friend.chat });
    // The friend's one message, over and over; and what is kept of the stranger, once each.
    const ids = changed.flatMap(({ messages }) => messages);
    expect(new Set(ids).size).toBeLessThanOrEqual(MAX_KEPT + 1);
    expect(ids.length).toBeLessThanOrEqual(MAX_KEPT + slots);

    const requests = await rig.page.call('inbox.page', { filter: 'requests', before: null, limit: 50 });
    expect(requests.rows).toMatchObject([{ id: stranger.chat, notKept: FLOOD - MAX_KEPT }]);
    expect(rig.shell.notices.slice(rang).filter(({ tag }) => tag === stranger.chat)).toEqual([]);
    expect(lane.performed).toEqual([]);
    const waiting = rig.db.get<{ readonly n: number }>('SELECT count(*) AS n FROM waiting_change');
    expect(waiting?.n).toBeLessThanOrEqual(7 * 64);
  },
);
