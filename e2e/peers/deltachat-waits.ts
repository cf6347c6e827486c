import { C } from '@deltachat/jsonrpc-client';
import type { T } from '@deltachat/jsonrpc-client';
import type { DeltaChatCore } from './deltachat-core.ts';

/** A message that came in. `raw` is everything the core tells of it. */
export interface IncomingText {
  readonly id: number;
  readonly chat: number;
  readonly text: string;
  readonly from: string;
  /** Encrypted and signed, as the core judges it. */
  readonly padlock: boolean;
  readonly raw: T.Message;
}

/** Which incoming message is meant: its text (exactly, or by pattern), or any test; and, with `after`, only later ids. */
export type TextMatch = string | RegExp | ((incoming: IncomingText) => boolean);

/** Waiting for what a profile comes to see. Each throws after its timeout (ms). */
export interface DeltaChatWaits {
  waitForText(match: TextMatch, timeoutMs?: number, after?: number): Promise<IncomingText>;
  /** Somebody else's reaction with this emoji. */
  waitForReaction(message: number, emoji: string, timeoutMs?: number): Promise<void>;
  waitForDelivered(message: number, timeoutMs?: number): Promise<void>;
  waitForRead(message: number, timeoutMs?: number): Promise<void>;
  /** Sending failed or a delivery failure came back; gives the core's error text. */
  waitForFailed(message: number, timeoutMs?: number): Promise<string>;
  waitForEdited(message: number, text: string, timeoutMs?: number): Promise<void>;
  waitForDeleted(message: number, timeoutMs?: number): Promise<void>;
  /** A key-contact with this address that SecureJoin verified. */
  waitForVerified(address: string, timeoutMs?: number): Promise<T.Contact>;
}

const FAILED = C.DC_STATE_OUT_FAILED;
const DELIVERED = [C.DC_STATE_OUT_DELIVERED, C.DC_STATE_OUT_MDN_RCVD];

/** The waiting functions of one profile; they know what came in from now on. */
export function waitsOf(core: DeltaChatCore, account: number, address: string): DeltaChatWaits {
  const { rpc } = core;
  const incoming = new Set<number>();
  core.listen(account, (event) => {
    if (event.kind === 'IncomingMsg') incoming.add(event.msgId);
  });
  const message = (id: number): Promise<T.Message> => rpc.getMessage(account, id);
  const until = <V>(what: string, check: () => Promise<V | null>, timeoutMs?: number): Promise<V> =>
    core.until(account, `${address}: ${what}`, check, timeoutMs);
  const untilState = async (
    id: number,
    what: string,
    states: readonly number[],
    timeoutMs?: number,
  ): Promise<void> => {
    await until(
      `message ${id} ${what}`,
      async () => states.includes((await message(id)).state) || null,
      timeoutMs,
    );
  };

  return {
    waitForText(match, timeoutMs, after = 0) {
      const fits = (one: IncomingText): boolean =>
        typeof match === 'function'
          ? match(one)
          : typeof match === 'string'
            ? one.text === match
            : match.test(one.text);
      const checked = new Set<number>();
      return until(
        `incoming text ${String(match)}`,
        async () => {
          for (const id of incoming) {
            if (id <= after || checked.has(id)) continue;
            checked.add(id);
            // A message can be deleted again before it is looked at.
            const one = await incomingText(core, account, id).catch(() => null);
            if (one !== null && fits(one)) return one;
          }
          return null;
        },
        timeoutMs,
      );
    },
    async waitForReaction(id, emoji, timeoutMs) {
      await until(
        `reaction ${emoji} on message ${id}`,
        async () => {
          const reactions = await rpc.getMessageReactions(account, id);
          const byOthers = Object.entries(reactions?.reactionsByContact ?? {}).filter(
            ([contact]) => Number(contact) !== C.DC_CONTACT_ID_SELF,
          );
          return byOthers.some(([, emojis]) => emojis.includes(emoji)) || null;
        },
        timeoutMs,
      );
    },
    waitForDelivered: (id, timeoutMs) => untilState(id, 'delivered', DELIVERED, timeoutMs),
    waitForRead: (id, timeoutMs) => untilState(id, 'read', [C.DC_STATE_OUT_MDN_RCVD], timeoutMs),
    async waitForFailed(id, timeoutMs) {
      await untilState(id, 'failed', [FAILED], timeoutMs);
      return (await message(id)).error ?? '';
    },
    async waitForEdited(id, text, timeoutMs) {
      await until(`message ${id} edited`, async () => (await message(id)).text === text || null, timeoutMs);
    },
    async waitForDeleted(id, timeoutMs) {
      const gone = async (): Promise<true | null> => {
        const results = await rpc.getMessages(account, [id]);
        return results[id]?.kind === 'loadingError' || null;
      };
      await until(`message ${id} deleted`, gone, timeoutMs);
    },
    waitForVerified: (who, timeoutMs) =>
      until(
        `${who} verified`,
        async () => {
          const contacts = await rpc.getContacts(account, 0, who);
          return contacts.find((one) => one.address === who.toLowerCase() && one.isVerified) ?? null;
        },
        timeoutMs,
      ),
  };
}

/** Reads an incoming message. Throws when it is gone. */
export async function incomingText(core: DeltaChatCore, account: number, id: number): Promise<IncomingText> {
  const raw = await core.rpc.getMessage(account, id);
  return { id, chat: raw.chatId, text: raw.text, from: raw.sender.address, padlock: raw.showPadlock, raw };
}
