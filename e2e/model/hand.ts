import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { insist, newRequest } from '../../renderer/app/core.ts';
import { openConversation, useView } from '../../renderer/app/view.ts';
import { fetchConversation, useChats } from '../../renderer/chats/store.ts';
import {
  beginDraft,
  cancelReply,
  draftOf,
  flushDraft,
  putUpload,
  removeUpload,
  replyTo,
  sendDraft,
  useDrafts,
  writeDraft,
} from '../../renderer/composer/store.ts';
import { streamFile } from '../../renderer/composer/upload.ts';
import { openMessages, useMessages } from '../../renderer/messages/store.ts';
import { ways, type Way } from './people.ts';
import type { World } from './world.ts';

/** Numbers from a seed, 0 ≤ n < 1 (mulberry32): the same acts each time. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is written names where it was meant for: the conversation that was on the screen at that moment. */
export const meantFor = (id: ConversationId, number: number): string => `<${id}#${number}>`;
/** Where the words of a text were meant for. */
export const meantIn = (text: string): readonly string[] =>
  [...text.matchAll(/<([^#<>]+)#\d+>/gu)].map((match) => match[1] ?? '');

/** The row whose composer is on the screen: as `Conversation` shows it, so only where one may write. */
function shown(): ConversationRow | null {
  const id = useView.getState().conversation;
  const row = id === null ? undefined : useChats.getState().rows.get(id);
  return row?.state === 'active' && row.label.sending.ok ? row : null;
}

/** A hurried person: does anything that can be done on the screen, and waits for nothing. */
export function createHand({ world, roll }: { readonly world: World; readonly roll: () => number }) {
  let written = 0;
  const waiting = new Set<Promise<unknown>>();
  const pick = <T>(from: readonly T[]): T => from[Math.floor(roll() * from.length)] as T;
  const way = (): Way => pick(ways);

  /** Goes on without waiting; what core refuses shows itself in the composer. */
  function begin(work: Promise<unknown>): void {
    const done: Promise<unknown> = work.catch(() => undefined).finally(() => waiting.delete(done));
    waiting.add(done);
  }

  /** What the composer of a conversation does when it leaves the screen, and when it comes there. */
  let onScreen: ConversationId | null = null;
  function draw(): void {
    const id = useView.getState().conversation;
    if (id === onScreen) return;
    if (onScreen !== null) flushDraft(onScreen);
    onScreen = id;
    if (id === null) return;
    const row = useChats.getState().rows.get(id);
    if (row) beginDraft(row);
    else begin(fetchConversation(id));
    begin(openMessages(id, 'end', null));
  }

  const acts: readonly (readonly [often: number, act: () => void])[] = [
    [30, () => openConversation(way().conversation)],
    [30, type],
    [8, paste],
    [3, takeOut],
    [5, answer],
    [2, () => void (shown() && cancelReply(onScreen ?? ('' as never)))],
    [12, send],
    [4, () => begin(world.receive(way(), 'hello'))],
    // A notification is pressed: the page hears of it a little later, and shows what it names.
    [4, () => world.rig.shell.emit('notice.clicked', { tag: way().conversation })],
    [1, () => begin(insist('person.merge', { request: newRequest(), peer: way().peer, with: way().peer }))],
    [1, () => begin(insist('person.apart', { request: newRequest(), peer: way().peer }))],
    [0.2, () => begin(insist('person.block', { request: newRequest(), peer: way().peer }))],
    [2, () => begin(insist('person.unblock', { request: newRequest(), peer: way().peer }))],
    [
      2,
      () => begin(insist('conversation.accept', { request: newRequest(), conversation: way().conversation })),
    ],
    [0.05, () => world.cut()],
  ];
  const all = acts.reduce((sum, [often]) => sum + often, 0);

  function type(): void {
    const row = shown();
    if (!row) return;
    const { text } = useDrafts.getState().drafts.get(row.id) ?? draftOf(row);
    written += 1;
    writeDraft(row.id, `${text} ${meantFor(row.id, written)}`);
  }

  function paste(): void {
    const row = shown();
    if (!row || row.can.files === 'no') return;
    written += 1;
    // The file goes on being read after the person has gone elsewhere.
    begin(
      streamFile(
        new Blob([crypto.getRandomValues(new Uint8Array(64))]),
        meantFor(row.id, written),
        (upload) => putUpload(row.id, upload),
      ),
    );
  }

  function takeOut(): void {
    const row = shown();
    const files = row ? useDrafts.getState().drafts.get(row.id)?.files : undefined;
    if (row && files !== undefined && files.length > 0) removeUpload(row.id, pick(files).local);
  }

  function answer(): void {
    const row = shown();
    const said = row
      ? useMessages
          .getState()
          .opened.get(row.id)
          ?.rows.filter((each) => each.kind === 'message')
      : undefined;
    if (row && said !== undefined && said.length > 0) replyTo(row.id, pick(said));
  }

  function send(): void {
    const row = shown();
    if (row) begin(sendDraft(row));
  }

  return {
    /** Does one thing. */
    act(): void {
      draw();
      let left = roll() * all;
      for (const [often, act] of acts) {
        left -= often;
        if (left >= 0) continue;
        act();
        break;
      }
      draw();
    },
    /** Ends with what was begun. */
    settle: async (): Promise<void> => {
      while (waiting.size > 0) await Promise.all(waiting);
    },
    get written(): number {
      return written;
    },
  };
}
