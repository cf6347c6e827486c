import { expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { createRenewals, MAX_RENEWALS, RENEWALS_WITHIN_MS } from './renewals.ts';

test('so many sessions are replaced for one asker within the hour, whatever others ask', () => {
  const renewals = createRenewals();
  const [alice, bob] = ['alice', 'bob'] as unknown as readonly [ServiceId, ServiceId];
  for (let time = 0; time < MAX_RENEWALS; time++) expect(renewals.allow(alice, time)).toBe(true);
  expect(renewals.allow(alice, MAX_RENEWALS)).toBe(false);
  expect(renewals.allow(bob, MAX_RENEWALS)).toBe(true);
  expect(renewals.allow(alice, RENEWALS_WITHIN_MS)).toBe(true);
  expect(renewals.allow(alice, RENEWALS_WITHIN_MS)).toBe(false);
});
