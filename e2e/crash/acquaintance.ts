import { randomUUID } from 'node:crypto';
import type { Writer } from '../../networks/email/test/writer.ts';
import type { AccountId, ConversationId } from '../../shared/ids.ts';
import { errand, run, type Page } from './page.ts';
import { ME } from './world.ts';
import type { MailServerProcess } from '../peers/mail/child.ts';
import { certificateIn, writeMails, type Reader } from './mails.ts';

export const GREETING = 'hello';

/** My account as somebody who knows it writes to it, and the conversation with them. */
export interface Acquaintance {
  readonly me: Reader;
  readonly conversation: ConversationId;
}

/** Lets our side know a writer by key: my certificate goes along with a mail in the clear, theirs with their answer, whose request is accepted. */
export async function getToKnow(
  writer: Writer,
  of: { readonly page: Page; readonly server: MailServerProcess; readonly account: AccountId },
): Promise<Acquaintance> {
  const { page, server, account } = of;
  const opened = await page.flow({
    account,
    network: 'email',
    start: { kind: 'chat', address: writer.address },
  });
  if (opened.kind !== 'done' || !opened.conversation) throw new Error('no conversation in the clear');
  await run(page, opened.conversation, [errand('This is my key')]);
  const { raw } = await server.waitForMail({ to: writer.address });
  const me = { address: ME, certificate: await certificateIn(raw) };
  let news: Promise<unknown> = page.next('changed');
  await server.deliverMany(ME, await writeMails(writer, me, [GREETING]));
  for (;;) {
    const { rows } = await page.call('inbox.page', { filter: 'requests', before: null, limit: 1 });
    const [request] = rows;
    if (request) {
      await page.call('conversation.accept', { request: randomUUID(), conversation: request.id });
      return { me, conversation: request.id };
    }
    await news;
    news = page.next('changed');
  }
}
