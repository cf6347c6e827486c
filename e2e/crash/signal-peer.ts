import type { Account, Linked, SignalServer } from '../peers/signal/child.ts';
import type { Message } from './message.ts';
import type { OtherSide } from './traffic.ts';

/** Somebody on Signal who writes and reads by script: a phone of the mock server. What it holds is the oracle. */
export interface SignalPeer extends OtherSide {
  readonly account: Account;
  /** What no peer should ever see: another text under the time of one that it has. */
  readonly faults: readonly string[];
  /** A text as an envelope that nobody was handed; it is not counted as said. `sealed`: the envelope does not say who it is from. */
  seal(text: string, sealed: boolean): Promise<Uint8Array>;
  hand(envelope: Uint8Array): Promise<void>;
  /** Messages that came again and were dropped: as the same bytes, or sealed anew under the same author and time. */
  twins(): Promise<number>;
  /** How often it was asked to seal a message again. */
  retryRequests(): Promise<number>;
}

/** The longest a timer can be set: for as long as the server runs. */
const ALWAYS_MS = 2 ** 31 - 1;

/** Starts somebody who writes to a device. It ends with the server. */
export async function startSignalPeer(
  server: SignalServer,
  account: Account,
  device: Linked,
): Promise<SignalPeer> {
  const said: Message[] = [];
  const heard = new Map<string, Message>();
  const faults: string[] = [];
  let news = Promise.withResolvers<void>();
  let sealedAnew = 0;
  let lastSentAt = 0;
  await server.introduce(account, device);

  async function listen(): Promise<void> {
    for (;;) {
      const { from, sentAt, body } = await server.next(account, 'message', ALWAYS_MS);
      // What receivers tell messages apart by.
      const name = `${from.aci} ${sentAt}`;
      const before = heard.get(name);
      if (before === undefined) heard.set(name, { text: body ?? '', file: null });
      else if (before.text === body) sealedAnew += 1;
      else faults.push(`another text under ${sentAt}`);
      news.resolve();
      news = Promise.withResolvers<void>();
    }
  }
  // The server's end is the peer's.
  void listen().catch(() => undefined);

  const seal = (text: string, sealed: boolean): Promise<Uint8Array> => {
    // A time names one message.
    lastSentAt = Math.max(Date.now(), lastSentAt + 1);
    const options = { sentAt: lastSentAt, sealed, withProfileKey: true };
    return server.call('encryptText', { account: account.id, device: device.id, text, options });
  };
  const hand = async (envelope: Uint8Array): Promise<void> =>
    void (await server.call('sendRaw', { device: device.id, envelope, times: 1 }));

  return {
    account,
    said,
    faults,
    heard: () => Promise.resolve([...heard.values()]),
    seal,
    hand,
    async say(text) {
      const envelope = await seal(text, said.length % 2 === 0);
      // Before it is delivered: what is on its way is written.
      said.push({ text, file: null });
      await hand(envelope);
    },
    next: () => news.promise,
    twins: async () => sealedAnew + (await server.call('twins', { account: account.id })),
    retryRequests: () => server.call('waiting', { account: account.id, queue: 'decryption-error' }),
  };
}
