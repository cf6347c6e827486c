import type { AccountId, ConversationId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { CreateLane, LaneContext } from '../../shared/lane/lane.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { addAccount } from '../../storage/accounts.ts';
import { startSession } from '../../renderer/app/session.ts';
import { messageFrom } from '../../worker/sample/scene.ts';
import { sendWell } from '../../worker/sample/scripted.ts';
import { startRig, type Rig } from '../../worker/sample/rig.ts';
import { accounts, meetAll, ways, type Way } from './people.ts';

/** What a lane was given to hand to its network. */
export interface Handed {
  readonly account: AccountId;
  readonly conversation: ConversationId;
  /** Text and names of files. */
  readonly said: readonly string[];
  /** The conversation of the message it answers; null: it answers none. */
  readonly answers: ConversationId | null;
}

/** The page's own stores over the real core, with lanes that write down what they are given. */
export interface World {
  readonly rig: Rig;
  readonly handed: Handed[];
  /** Somebody writes to me. */
  receive(way: Way, text: string): Promise<unknown>;
  /** Ends the page's pipe; the page opens a new one by itself. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens the world, with everybody met and the page attached. */
export async function openWorld(): Promise<World> {
  const handed: Handed[] = [];
  const contexts = new Map<AccountId, LaneContext>();
  const lane: CreateLane = () => {
    let context: LaneContext | null = null;
    return {
      start: async (made) => {
        context = made;
        contexts.set(made.account, made);
        await made.commit({ ...emptyCommit, ...meetAll(made.account) });
        made.status({ kind: 'online' });
      },
      stop: async () => undefined,
      hint: () => undefined,
      perform: async (item) => {
        if (context === null) throw new Error('not started');
        if (item.state === 'queued') note(context.account, item);
        const way = ways.find(({ conversation }) => conversation === item.intent.conversation);
        return way === undefined
          ? sendWell(item, context, ways[0]?.peer as never)
          : sendWell(item, context, way.peer);
      },
      // oxlint-disable-next-line require-yield
      flow: async function* () {
        return null;
      },
    };
  };
  const rig = await startRig({
    lanes: { email: lane, signal: lane, nostr: lane },
    prepare: (db) => {
      for (const { id, network } of accounts)
        addAccount(db, { id, network, address: id, displayName: 'Me', environment: 'test', createdAt: 1 });
    },
  });

  function note(account: AccountId, { intent }: OutboxItem): void {
    const { what, conversation } = intent;
    if (what.kind !== 'content' || conversation === null) return;
    const { text, files, quote } = what.content;
    const nameOf = (id: string): string =>
      rig.db.get<{ readonly name: string }>('SELECT name FROM file WHERE id = ?', id)?.name ?? 'lost';
    handed.push({
      account,
      conversation,
      said: [text, ...files.map(nameOf)],
      answers:
        quote === undefined
          ? null
          : (rig.db.get<{ readonly conversation: ConversationId }>(
              'SELECT conversation FROM message WHERE account = ? AND key = ?',
              account,
              quote,
            )?.conversation ?? ('nowhere' as ConversationId)),
    });
  }

  let end: Pipe | null = null;
  const leave = startSession(() => {
    const [mine, theirs] = pipePair();
    rig.core.attachPage(theirs);
    end = theirs;
    return Promise.resolve(mine);
  });
  let received = 0;
  return {
    rig,
    handed,
    receive: async ({ account, peer, conversation }, text) => {
      received += 1;
      await contexts.get(account.id)?.commit({
        ...emptyCommit,
        changes: [messageFrom(peer, conversation, `in-${received}`, text)],
      });
    },
    cut: () => end?.close(),
    close: async () => {
      leave();
      await rig.close();
    },
  };
}
