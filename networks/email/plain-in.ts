import { peerId } from '../../shared/ids.ts';
import { plainConversation } from './names.ts';
import { contentOf } from './message-in.ts';
import { onlyValue } from './header-block.ts';
import { readDate } from './header-field.ts';
import { readMail } from './mail-read.ts';
import { plainFacts } from './facts.ts';
import { claimMessageId, consumed, notKept, setAside, type Arrival, type Receiving } from './receiving.ts';
import { isRoomFor } from './room.ts';

/** Takes in a mail for a conversation the person opened without encryption. Its writer is whoever its header says: nothing proves it. */
export async function takePlain(receiving: Receiving, mail: Arrival, bytes: Uint8Array): Promise<void> {
  const { work, ledger, account, now, self } = receiving;
  const address = mail.from?.address;
  const read = await readMail(bytes);
  if (address === undefined || read === null) return setAside(receiving, mail, 'malformed', null);
  const conversation = plainConversation(account, address);
  if (!(await isRoomFor(receiving, conversation, read, true))) return notKept(receiving, mail, conversation);
  const messageId = mail.messageId ?? `${mail.envelope}@unnamed`;
  const key = await claimMessageId(work, messageId, { from: address, to: null, wantsReceipt: false });
  if (key === null) {
    ledger.inbound.push({ kind: 'duplicate', envelope: mail.envelope });
    return;
  }
  consumed(receiving, mail);
  const content = await contentOf(receiving, read);
  if (content === null) return;
  ledger.changes.push({
    kind: 'message',
    target: { conversation, key },
    author: peerId('email', address),
    sentAt: readDate(onlyValue(mail.fields, 'date'), now) ?? Math.min(mail.arrivedAt || now, now),
    content,
    evidence: {
      how: 'in-the-clear',
      at: now,
      from: address,
      facts: [plainFacts(self.account.address, address, now)],
      details: [],
    },
  });
}
