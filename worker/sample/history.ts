import { MAX_PAGE, type Calls } from '../../shared/contract/calls.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { Link } from '../../shared/wire/rpc.ts';

/** For tests: every row of a conversation, the oldest first, page by page. */
export async function wholeHistory(
  call: Link<Calls, Record<never, never>, Record<never, never>>['call'],
  conversation: ConversationId,
): Promise<readonly MessageRow[]> {
  const before = (around: 'end' | MessageRow['id']) =>
    call('message.page', { conversation, around, side: 'before', limit: MAX_PAGE });
  let page = await before('end');
  let { rows } = page;
  while (page.moreBefore) {
    const [oldest] = rows;
    if (!oldest) throw new Error('a page before nothing');
    page = await before(oldest.id);
    rows = [...page.rows, ...rows];
  }
  return rows;
}
