import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConversationId } from '../../shared/ids.ts';
import { openSomebody, type Somebody } from '../../worker/sample/nostr-world.ts';
import { startRelayProcess, type RelayProcess } from '../peers/nostr/child.ts';
import type { Message } from './message.ts';
import type { Page } from './page.ts';
import { openShell } from './shell.ts';
import type { OtherSide } from './traffic.ts';
import { addAccount, type World } from './world.ts';

/** A profile with an account on a relay, and another Plainseal that it talks with: a whole one, in this process, that nobody ends. */
export interface NostrWorld extends Pick<World, 'profile' | 'account' | 'open' | 'close'> {
  readonly relay: RelayProcess;
  readonly other: Somebody;
  readonly peer: OtherSide;
  readonly conversation: ConversationId;
}

/** Makes both, lets them meet, and closes the profile in order. */
export async function createNostrWorld(): Promise<NostrWorld> {
  const profile = await mkdtemp(join(tmpdir(), 'plainseal-crash-'));
  const relay = await startRelayProcess({ tls: false });
  const open: World['open'] = (points) => openShell({ profile, authority: '', points });
  let other: Somebody | null = null;
  const close = async (): Promise<void> => {
    await other?.close();
    await relay.stop();
    await rm(profile, { recursive: true, force: true });
  };
  try {
    const shell = await open([]);
    try {
      const { page } = shell;
      const account = await addAccount(page, 'nostr', { relays: relay.url });
      await relay.waitForEvent({ kind: 30_443, verdict: 'accepted' });
      other = await openSomebody('other', [relay.url]);
      await relay.waitForEvent({ kind: 30_443, verdict: 'accepted', skip: 1 });
      const flow = { account, network: 'nostr', start: { kind: 'chat', address: other.address } } as const;
      const opened = await page.flow(flow);
      if (opened.kind !== 'done' || opened.conversation === null) throw new Error('no conversation');
      const theirs = await acceptedBy(other);
      // The keys they join with are replaced before anything is ended.
      await settled(page, other, opened.conversation, theirs);
      return {
        profile,
        account,
        relay,
        other,
        peer: sideOf(other, theirs),
        conversation: opened.conversation,
        open,
        close,
      };
    } finally {
      await shell.close();
    }
  } catch (error) {
    await close();
    throw error;
  }
}

async function acceptedBy(other: Somebody): Promise<ConversationId> {
  let found: ConversationId | null = null;
  await other.eventually('a request', async () => {
    found = (await other.rows()).find(({ state }) => state === 'request')?.id ?? null;
    return found !== null;
  });
  if (found === null) throw new Error('no request');
  await other.accept(found);
  return found;
}

/** One message each way: both are in one state. */
async function settled(
  page: Page,
  other: Somebody,
  mine: ConversationId,
  theirs: ConversationId,
): Promise<void> {
  const { labelRevision } = await page.call('conversation.get', { conversation: mine });
  const content = { text: 'hello', ranges: [], files: [] };
  await page.call('message.send', {
    request: randomUUID(),
    conversation: mine,
    content,
    seenLabel: labelRevision,
  });
  await other.eventually('hello', async () => (await other.texts(theirs)).includes('hello'));
}

/** The other Plainseal as the side that is judged by. What it heard before is not counted. */
function sideOf(other: Somebody, conversation: ConversationId): OtherSide {
  const said: Message[] = [];
  return {
    said,
    async heard() {
      const rows = await other.messages(conversation);
      const texts = rows.filter(({ author }) => !author.me).map(({ content }) => content.text);
      return texts.filter((text) => text !== 'hello').map((text) => ({ text, file: null }));
    },
    async say(text) {
      // Before it is on its way: what is on its way is written.
      said.push({ text, file: null });
      await other.say(conversation, text);
    },
    next: () => other.rig.page.next('changed'),
  };
}
