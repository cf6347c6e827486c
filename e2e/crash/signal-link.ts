import { randomUUID } from 'node:crypto';
import type { ConversationId } from '../../shared/ids.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import type { Account, Linked, SignalServer } from '../peers/signal/child.ts';
import type { Page } from './page.ts';

/** Links a profile to a phone through its page. `tookMs`: from the scan to the account standing in the database. */
export async function linkPhone(
  page: Page,
  server: SignalServer,
  phone: Account,
): Promise<{ readonly linked: Linked; readonly tookMs: number }> {
  const { version } = disclosures.signal;
  await page.call('disclosure.accept', { request: randomUUID(), network: 'signal', version });
  const linked = Promise.withResolvers<Linked>();
  let scannedAt: number | null = null;
  const undo = page.hear('flow', ({ step }) => {
    if (step.kind !== 'show-code' || scannedAt !== null) return;
    scannedAt = performance.now();
    server.link(phone, step.text).then(linked.resolve, linked.reject);
  });
  try {
    const start = { kind: 'add-account', args: {} } as const;
    const ended = await page.flow({ account: null, network: 'signal', start });
    const endedAt = performance.now();
    if (ended.kind !== 'done') throw new Error(`not linked: ${JSON.stringify(ended)}`);
    return { linked: await linked.promise, tookMs: endedAt - (scannedAt ?? endedAt) };
  } finally {
    undo();
  }
}

/** The conversation with somebody, once they have written and the phone's list of contacts has come. */
export async function chatWith(page: Page, { aci }: Account): Promise<ConversationId> {
  for (;;) {
    const changed = page.next('changed');
    const { rows } = await page.call('inbox.page', { filter: 'all', before: null, limit: 200 });
    const found = rows.find(({ peer, state }) => peer === `signal|${aci}` && state === 'active');
    if (found) return found.id;
    await changed;
  }
}
