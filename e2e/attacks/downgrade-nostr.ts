import { expect } from '@playwright/test';
import { readSelf } from '../../networks/nostr/account-record.ts';
import { signEvent } from '../../networks/nostr/event.ts';
import { KEY_PACKAGE_KIND } from '../../networks/nostr/marmot/key-package-event.ts';
import { createWork } from '../../shared/lane/work.ts';
import { viewOf } from '../../worker/sample/nostr-world.ts';
import { PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { oneLine, say, startFrom } from './meet.ts';

/** Other cipher suites than the one of Marmot: P-256, and one that does not exist. */
const WEAKER = ['0x0002', '0x0000'] as const;

/** The other side's program, or whoever holds their key, offers something that was never agreed on. */
export const downgradeNostr: Attack = {
  name: 'downgrade-nostr',
  number: 'AT-05',
  network: 'nostr',
  does: 'Nils’s key package is replaced by one for other ciphers.',
  outcome: 'refused',
  async run(stage) {
    const { page, relay } = stage;
    const nils = await stage.somebody('Nils');
    const { secret, key } = await readSelf(createWork(viewOf(nils)));
    const seen = await relay.waitForEvent({ kind: KEY_PACKAGE_KIND, author: key, verdict: 'accepted' });
    const { kind, content, created_at } = seen.event;
    const tags = seen.event.tags.map((tag) => (tag[0] === 'mls_ciphersuite' ? [tag[0], ...WEAKER] : tag));
    // The relay keeps the newest of each place.
    await relay.put([signEvent({ kind, content, tags, created_at: created_at + 1 }, secret)]);
    await startFrom(stage, 'nostr', nils.address);
    const alert = page.getByRole('alert').filter({ hasText: say('flow.nostr-chat.no-key.what') });
    await expect(alert).toBeVisible({ timeout: PEER_MS });
    const said = await oneLine(alert);
    await page.keyboard.press('Escape');
    return said;
  },
};
