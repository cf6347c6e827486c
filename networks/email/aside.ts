import { peerId, type NetworkKey } from '../../shared/ids.ts';
import { MAX_TEXT_LENGTH, type Content } from '../../shared/contract/content.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { EDIT_MARK, readBodyText } from './chat.ts';
import { onlyValue, readMessageIds } from './header-block.ts';
import { messageIdField, tokenField, type ReadMail } from './mail-read.ts';
import { readReceipt } from './mdn.ts';
import { keyConversation } from './names.ts';
import { readReaction } from './reaction.ts';
import type { Receiving } from './receiving.ts';
import { readMailRecord } from './records.ts';

/** A mail about other messages. Without any words of its own it opens no conversation. */
export type Aside =
  | { readonly kind: 'receipt'; readonly of: readonly string[] }
  | { readonly kind: 'reaction'; readonly of: string | null }
  | { readonly kind: 'edit'; readonly of: string }
  | { readonly kind: 'delete'; readonly of: readonly string[] };

const DELETE_LIMIT = 100;

/** What a mail says about other messages; null for one that is a message itself. */
export function asideOf(read: ReadMail): Aside | null {
  const shown = readReceipt(read);
  if (shown !== null) return { kind: 'receipt', of: shown };
  if (tokenField(read.fields, 'content-disposition') === 'reaction')
    return { kind: 'reaction', of: messageIdField(read.fields, 'in-reply-to') };
  const edited = messageIdField(read.fields, 'chat-edit');
  if (edited !== null) return { kind: 'edit', of: edited };
  const deleted = onlyValue(read.fields, 'chat-delete');
  if (deleted === null) return null;
  return { kind: 'delete', of: readMessageIds(deleted).slice(0, DELETE_LIMIT) };
}

/** Takes in a mail about other messages, of somebody with a conversation. */
export async function takeAside(
  { work, ledger, account, now }: Receiving,
  aside: Aside,
  from: { readonly fingerprint: Fingerprint; readonly read: ReadMail; readonly evidence: Evidence },
): Promise<void> {
  const { fingerprint, read, evidence } = from;
  const by = peerId('email', fingerprint);
  const conversation = keyConversation(account, fingerprint);
  const target = (of: string) => ({ conversation, key: of as NetworkKey });
  switch (aside.kind) {
    case 'receipt':
      for (const of of aside.of) {
        const record = await readMailRecord(work, of);
        if (record?.from !== 'me' || record.to !== fingerprint) continue;
        const receipt = { kind: 'read' as const, of: of as NetworkKey, by, at: now };
        ledger.changes.push({ kind: 'receipt', receipt });
      }
      return;
    case 'reaction':
      if (aside.of === null) return;
      ledger.changes.push({
        kind: 'reaction',
        target: target(aside.of),
        by,
        emoji: readReaction(read.text),
        evidence,
      });
      return;
    case 'edit': {
      const text = readBodyText(read.text, true).text;
      const words = text.startsWith(EDIT_MARK) ? text.slice(EDIT_MARK.length) : text;
      const content: Content = { text: words.slice(0, MAX_TEXT_LENGTH), ranges: [], files: [] };
      ledger.changes.push({ kind: 'edit', target: target(aside.of), by, content, evidence });
      return;
    }
    case 'delete':
      for (const of of aside.of) ledger.changes.push({ kind: 'delete', target: target(of), by });
  }
}
