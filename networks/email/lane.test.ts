import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeltaChat } from '../../e2e/peers/deltachat.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import { saying } from './test/lane-context.ts';
import {
  isMessage,
  joinByLink,
  openDeltaChat,
  openMailServer,
  openPlainseal,
  type Plainseal,
} from './test/world.ts';

let server: MailServer;
let alice: DeltaChat;
let me: Plainseal;

beforeAll(async () => {
  server = await openMailServer({ policy: 'chatmail' });
  [alice, me] = await Promise.all([
    openDeltaChat(server, 'alice@example.org', { name: 'Alice' }),
    openPlainseal(server, 'me@example.org'),
  ]);
});

afterAll(async () => {
  await me?.stop();
  await alice?.stop();
  await server?.stop();
});

test('joins a Delta Chat user by link and talks both ways', async () => {
  const { conversation, peer } = await joinByLink(me, await alice.inviteLink());
  expect(conversation).toBe(`account|${peer}`);
  expect(me.core.changes()).toContainEqual(
    expect.objectContaining({
      kind: 'identity',
      peer,
      trust: expect.objectContaining({ kind: 'checked', by: 'secure-join' }),
    }),
  );
  me.core.enqueue(saying(conversation, { text: 'Grüße – from Plainseal 🔒' }));
  const seen = await alice.waitForText('Grüße – from Plainseal 🔒');
  expect(seen.padlock).toBe(true);
  expect(seen.from).toBe('me@example.org');
  await alice.sendText(seen.chat, 'Antwort – from Delta Chat');
  const message = await me.core.waitFor('the answer', isMessage('Antwort – from Delta Chat'));
  expect(message.author).toBe(peer);
  expect(message.target.conversation).toBe(conversation);
  expect(message.evidence).toMatchObject({
    how: 'opened-here',
    from: { peer, proof: 'signature', trust: { kind: 'checked' } },
  });
});
