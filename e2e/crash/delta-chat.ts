import { C } from '@deltachat/jsonrpc-client';
import { startDeltaChat, type DeltaChat } from '../peers/deltachat.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { digestOf, type Message } from './message.ts';
import { errand, run } from './page.ts';
import { HELLO, type OtherSide } from './traffic.ts';
import { createWorld, type World } from './world.ts';

/** The real Delta Chat core as the other side. */
export interface DeltaChatSide {
  readonly deltaChat: DeltaChat;
  readonly conversation: ConversationId;
  readonly side: OtherSide;
}

/** A world in which my account has followed the invitation of a Delta Chat user. */
export async function createDeltaChatWorld(): Promise<World & { readonly met: DeltaChatSide }> {
  let started: DeltaChat | null = null;
  const world = await createWorld(async (page, server, account) => {
    const { imap, smtp } = server;
    const deltaChat = await startDeltaChat({ mail: { imap, smtp }, address: 'alice@example.org' });
    started = deltaChat;
    const step = await page.flow({
      account,
      network: 'email',
      start: { kind: 'join', link: await deltaChat.inviteLink() },
    });
    if (step.kind !== 'done' || !step.conversation) throw new Error(`not joined: ${JSON.stringify(step)}`);
    await run(page, step.conversation, [errand(HELLO)]);
    const { chat } = await deltaChat.waitForText(HELLO);
    return { deltaChat, conversation: step.conversation, side: sideOf(deltaChat, chat) };
  }).catch(async (error: unknown) => {
    await started?.stop();
    throw error;
  });
  return {
    ...world,
    close: async () => {
      await world.met.deltaChat.stop();
      await world.close();
    },
  };
}

/** What Delta Chat core lists in the chat, in its order: its log, not ours. */
function sideOf({ rpc, account, core, fileOf, ...talk }: DeltaChat, chat: number): OtherSide {
  const said: Message[] = [];
  const digests = new Map<number, string>();
  let news = Promise.withResolvers<void>();
  core.listen(account, ({ kind }) => {
    if (kind !== 'IncomingMsg' && kind !== 'MsgsChanged') return;
    news.resolve();
    news = Promise.withResolvers();
  });

  return {
    said,
    async heard() {
      const ids = await rpc.getMessageIds(account, chat, false, false);
      const read = await rpc.getMessages(account, ids);
      const heard: Message[] = [];
      for (const id of ids) {
        const one = read[id];
        if (one?.kind !== 'message') continue;
        if (one.isInfo || one.fromId === C.DC_CONTACT_ID_SELF || one.text === HELLO) continue;
        if (one.file !== null && !digests.has(id)) digests.set(id, digestOf(await fileOf(id)));
        heard.push({ text: one.text, file: digests.get(id) ?? null });
      }
      return heard;
    },
    async say(text, file) {
      said.push({ text, file: file ? digestOf(file) : null });
      if (file) await talk.sendFile(chat, 'file.bin', file, text);
      else await talk.sendText(chat, text);
    },
    next: () => news.promise,
  };
}
