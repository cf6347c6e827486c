import { takeNumberKeys } from '../../crypto/signal/number-keys.ts';
import { readSelf, SELF } from './account-record.ts';
import { writeCell } from './cell.ts';
import type { Sync } from './codec/content.ts';
import { consumed, refuse, type Arrival, type Receiving } from './receiving.ts';

/** The phone is the first device of an account, always. */
const PHONE = 1;

/**
 * My phone has another number now: the identity it made for it takes the place of the one before. Only the phone may say so. Nothing of the
 * same connection is opened after it (see Ledger.numberChanged). Which identity the number has at the server the envelope says, as for Signal's
 * own programs: what is sent to a number the server hands on as it likes anyhow.
 * @throws PlainsealError `bad-request` for keys that cannot be used.
 */
export async function takeNumberChange(
  receiving: Receiving,
  arrival: Arrival,
  change: Extract<Sync, { readonly kind: 'number-change' }>,
): Promise<void> {
  const { work, ledger, now, log } = receiving;
  if (arrival.unsealed.from.device !== PHONE) return refuse(receiving, arrival, 'number-change-not-by-phone');
  const pni = arrival.delivery.updatedPni;
  if (pni === undefined) return refuse(receiving, arrival, 'number-change-without-identity');
  const self = await readSelf(work);
  const pniIdentityKey = await takeNumberKeys(change.keys, work, now);
  const { number, registrationId: pniRegistrationId } = change;
  const identities = { ...self.identities, pni, pniIdentityKey, pniRegistrationId };
  writeCell(work, SELF, { ...self, number, identities });
  ledger.inbound.push({ kind: 'cursor', name: 'address', value: number });
  ledger.numberChanged = true;
  log('number-changed', {});
  consumed(receiving, arrival);
}
