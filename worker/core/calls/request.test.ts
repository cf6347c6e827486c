import { afterEach, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { directConversation, peerId, type MessageId } from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import type { Hint } from '../../../shared/lane/lane.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { goodFacts, meeting, messageFrom } from '../../sample/scene.ts';
import { ACCOUNT, openScripted } from '../../sample/scripted.ts';

let rig: Rig;
afterEach(() => rig.close());
const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;

test.each([
  ['email', 'openpgp', 'STRANGER'],
  ['signal', 'signal', '00000000-0000-4000-8000-00000000000b'],
  ['nostr', 'mls', 'ab'.repeat(32)],
] as const)(
  'ABU-3 a stranger on %s is a request, and hears nothing of me until I accept',
  async (network, protocol, identity) => {
    const peer = peerId(network, identity);
    const chat = directConversation(ACCOUNT, peer);
    const met = meeting(chat, peer);
    const [who] = met.changes;
    if (who === undefined) throw new Error('nobody');
    const patch = { kind: 'direct', peer, protocol, state: 'request' } as const;
    const hints: Hint[] = [];
    const known = {
      network,
      peer,
      chat,
      facts: goodFacts,
      met: { ...met, changes: [who, { kind: 'conversation', id: chat, patch } as const] },
    };
    const { rig: opened, lane } = await openScripted({ hint: (hint) => void hints.push(hint) }, known);
    rig = opened;
    await lane.context().commit({
      ...emptyCommit,
      changes: [messageFrom(peer, chat, 'k', 'hello')],
      enqueue: [{ conversation: chat, sentAt: 1, what: { kind: 'receipt', key: 'r' as never, of: ['k' as never], as: 'delivered', tell: true } }], // prettier-ignore
    });
    const page = await rig.page.call('message.page', {
      conversation: chat,
      around: 'end',
      side: 'around',
      limit: 9,
    });
    const id = page.rows[0]?.id as MessageId;
    const row = () => rig.page.call('conversation.get', { conversation: chat });
    expect(await row()).toMatchObject({ state: 'request', snippet: { kind: 'request' } });

    await rig.page.call('conversation.read', { conversation: chat, upTo: id });
    await rig.page.call('typing.set', { conversation: chat, on: true });
    const { labelRevision: seenLabel } = await row();
    const send = () =>
      rig.page.call('message.send', {
        request: request(),
        conversation: chat,
        content: textOnly('who?'),
        seenLabel,
      });
    await expect(send()).rejects.toThrow(rejects('refused'));
    await expect(rig.page.call('message.react', { request: request(), id, emoji: ['👍'], seenLabel })).rejects.toThrow(rejects('refused')); // prettier-ignore
    expect(hints).toEqual([]);
    expect(rig.shell.notices).toEqual([]);
    // My own devices may hear what I read; they are told, its author is not.
    for (const { intent } of lane.performed)
      expect(intent.what).toMatchObject({ kind: 'receipt', as: 'read', tell: false });

    await rig.page.call('conversation.accept', { request: request(), conversation: chat });
    expect((await send()).kind).toBe('queued');
    await expect.poll(() => lane.performed.some(({ intent }) => intent.what.kind === 'content')).toBe(true);
  },
);
