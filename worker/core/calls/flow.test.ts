import { expect, test } from 'vitest';
import { addable } from '../../../shared/contract/account.ts';
import { networks } from '../../../shared/ids.ts';
import { disclosures } from '../../../shared/words/disclosure.ts';
import { request, startRig } from '../../sample/rig.ts';

test.each(networks)(
  'in a live profile an account of %s is begun only where that is allowed',
  async (network) => {
    const rig = await startRig({ kind: 'live' });
    try {
      if (network in disclosures) {
        const { version } = disclosures[network];
        await rig.page.call('disclosure.accept', { request: request(), network, version });
      }
      const begun = rig.page
        .call('flow.start', {
          request: request(),
          account: null,
          network,
          start: { kind: 'add-account', args: {} },
        })
        .then(
          () => 'begun',
          (error: unknown) => (error as { readonly kind: string }).kind,
        );
      const allowed: readonly string[] = addable.live;
      // No lane runs here: what is allowed comes as far as not finding one.
      expect((await begun) === 'refused').toBe(!allowed.includes(network));
    } finally {
      await rig.close();
    }
  },
);
