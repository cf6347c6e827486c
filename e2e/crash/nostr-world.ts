import { randomUUID } from 'node:crypto';
import type { AccountId, ConversationId } from '../../shared/ids.ts';
import { openSomebody, type Somebody } from '../../worker/sample/nostr-world.ts';
import { startRelayProcess } from '../peers/nostr/child.ts';
import type { Message } from './message.ts';
import { errand, run, type Page } from './page.ts';
import { makePlace } from './place.ts';
import { openShell } from './shell.ts';
import { isMyGroup } from './group-state.ts';
import { HELLO, type OtherSide } from './traffic.ts';
import { addAccount, type World } from './world.ts';

/** A profile with an account on a relay, and another Plainseal that it talks with: a whole one, in this process, that nobody ends. */
export interface NostrWorld extends Pick<World, 'profile' | 'open' | 'close'> {
  readonly other: Somebody;
  readonly peer: OtherSide;
  readonly conversation: ConversationId;
}

/** The conversation is a group, and there is a third who comes and goes. */
export interface GroupWorld extends NostrWorld {
  /** The same group, at the other's. */
  readonly theirs: ConversationId;
  readonly third: Somebody;
}

/** Makes both, lets them meet, and closes the profile in order. */
export const createNostrWorld = (): Promise<NostrWorld> =>
  openWorld(async ({ page, account, join: joinIn }) => {
    const other = await joinIn('other');
    const { mine, theirs } = await meet(page, account, other);
    return { other, conversation: mine, peer: sideOf(other, theirs) };
  });

/** Makes three, and a group of two of them. */
export const createGroupWorld = (): Promise<GroupWorld> =>
  openWorld(async ({ page, account, join: joinIn }) => {
    const [other, third] = [await joinIn('other'), await joinIn('third')];
    for (const one of [other, third]) await meet(page, account, one);
    const made = await page.call('group.create', {
      request: randomUUID(),
      account,
      title: 'Owls',
      members: [other.peer],
    });
    const theirs = await other.conversation('the group', isMyGroup);
    await greet(page, made.conversation, other, theirs);
    return { other, third, conversation: made.conversation, theirs, peer: sideOf(other, theirs) };
  });

/** Who takes part while a world is made. */
interface Making {
  readonly page: Page;
  readonly account: AccountId;
  /** Another whole program on the same relay. */
  join(name: string): Promise<Somebody>;
}

async function openWorld<T>(
  make: (making: Making) => Promise<T>,
): Promise<T & Pick<World, 'profile' | 'open' | 'close'>> {
  const { profile, remove } = await makePlace();
  const relay = await startRelayProcess({ tls: false });
  const others: Somebody[] = [];
  const open: World['open'] = (points) => openShell({ profile, authority: '', points });
  const close = async (): Promise<void> => {
    for (const one of others) await one.close();
    await relay.stop();
    await remove();
  };
  const published = (): Promise<unknown> =>
    relay.waitForEvent({ kind: 30_443, verdict: 'accepted', skip: others.length });
  try {
    const shell = await open([]);
    try {
      const account = await addAccount(shell.page, 'nostr', { relays: relay.url });
      await published();
      const joinIn: Making['join'] = async (name) => {
        const one = await openSomebody(name, [relay.url]);
        others.push(one);
        await published();
        return one;
      };
      return { profile, open, close, ...(await make({ page: shell.page, account, join: joinIn })) };
    } finally {
      await shell.close();
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a conversation with somebody, who accepts it, and says the first word in it. */
async function meet(
  page: Page,
  account: AccountId,
  other: Somebody,
): Promise<{ readonly mine: ConversationId; readonly theirs: ConversationId }> {
  const opened = await page.flow({
    account,
    network: 'nostr',
    start: { kind: 'chat', address: other.address },
  });
  if (opened.kind !== 'done' || opened.conversation === null) throw new Error('no conversation');
  const mine = opened.conversation;
  const theirs = await other.conversation('a request', ({ state }) => state === 'request');
  await other.accept(theirs);
  await greet(page, mine, other, theirs);
  return { mine, theirs };
}

/** One word that arrives: both are in one state, and the keys they joined with are replaced before anything is ended. */
async function greet(
  page: Page,
  mine: ConversationId,
  other: Somebody,
  theirs: ConversationId,
): Promise<void> {
  await run(page, mine, [errand(HELLO)]);
  await other.eventually(HELLO, async () => (await other.texts(theirs)).includes(HELLO));
}

/** The other Plainseal as the side that is judged by. What it heard before is not counted. */
function sideOf(other: Somebody, conversation: ConversationId): OtherSide {
  const said: Message[] = [];
  return {
    said,
    async heard() {
      await other.agree();
      const rows = await other.messages(conversation);
      const texts = rows.filter(({ author }) => !author.me).map(({ content }) => content.text);
      return texts.filter((text) => text !== HELLO).map((text) => ({ text, file: null }));
    },
    async say(text) {
      // Before it is on its way: what is on its way is written.
      said.push({ text, file: null });
      await other.say(conversation, text);
    },
    next: () => other.rig.page.next('changed'),
  };
}
