import type { AccountRow } from '../../shared/contract/account.ts';

/** Letters of a key that are shown at each end of one. */
const SHOWN = 10;

/** What an account is called where there is little room: a key is shown by its ends, and by the name that I gave it. */
export function accountName({ network, address, displayName }: AccountRow): string {
  if (network !== 'nostr' || address.length <= 2 * SHOWN) return address;
  const short = `${address.slice(0, SHOWN)}…${address.slice(-SHOWN)}`;
  return displayName === '' ? short : `${displayName}, ${short}`;
}
