import { randomBytes } from 'node:crypto';
import { startDeltaChat, type DeltaChat } from '../../e2e/peers/deltachat.ts';
import { answerTo } from './answer.ts';
import { startNostrWorld, type NostrWorld } from './nostr.ts';
import { startSignalWorld, type SignalWorld } from './signal.ts';
import { startMailServerProcess, type MailServerProcess } from '../../e2e/peers/mail/child.ts';

/** Where everybody in the demo lives: a name nobody can own (RFC 2606). */
const DOMAIN = 'example.org';
export const demoAddress = (name: string): string => `${name.toLowerCase()}@${DOMAIN}`;

/** The people of the demo and the server between them. */
export interface World {
  readonly mail: MailServerProcess;
  /** A Delta Chat user whose invitation I follow: checked. */
  readonly alice: DeltaChat;
  /** A Delta Chat user whose key I only learn from a mail: not checked. */
  readonly bob: DeltaChat;
  /** A contact on Signal, and my phone. */
  readonly signal: SignalWorld;
  /** Relays, and a contact on them. */
  readonly nostr: NostrWorld;
  stop(): Promise<void>;
}

/** Starts the mail server in a process of its own and the contacts, each a real Delta Chat core. */
export async function startWorld(): Promise<World> {
  const mail = await startMailServerProcess({ policy: 'open' });
  try {
    const [alice, bob, signal, nostr] = await Promise.all([
      startDeltaChat({ mail, address: demoAddress('alice'), name: 'Alice' }),
      // Bob's program still writes to people whose key it does not know, with its own key in the header.
      startDeltaChat({ mail, address: demoAddress('bob'), name: 'Bob', config: { force_encryption: '0' } }),
      startSignalWorld(),
      startNostrWorld(),
    ]);
    for (const contact of [alice, bob]) contact.answer(({ text }) => answerTo(text));
    return {
      mail,
      alice,
      bob,
      signal,
      nostr,
      stop: async () => {
        await Promise.all([alice.stop(), bob.stop(), signal.stop(), nostr.stop()]);
        await mail.stop();
      },
    };
  } catch (error) {
    await mail.stop();
    throw error;
  }
}

/** Bob writes to me without encryption once; the header of his mail carries his key (Autocrypt). */
export async function bobWritesOpenly({ bob }: World, me: string): Promise<void> {
  const contact = await bob.rpc.createContact(bob.account, me, null);
  await bob.sendText(await bob.chatWith(contact), 'Bob here. My key is in the header.');
}

/** A mail of a person whose program knows no encryption. */
export function plainMail(from: string, name: string, to: string, text: string): string {
  return [
    `From: ${name} <${from}>`,
    `To: <${to}>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomBytes(12).toString('hex')}@${DOMAIN}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    text,
    '',
  ].join('\r\n');
}
