import { PlainsealError } from '../../../shared/errors.ts';
import type { AccountId, NetworkId } from '../../../shared/ids.ts';
import type { Again } from '../../../shared/lane/flow.ts';
import { findAccount, type Account } from '../../../storage/accounts.ts';
import { readAgain } from '../../../storage/again.ts';
import { isCopied } from '../../../storage/copies.ts';
import type { Database } from '../../../storage/database.ts';
import { isLinked } from '../capabilities.ts';
import type { Lanes } from './lanes.ts';

/**
 * An account that may be linked again, and its name on its network: one of a copied profile, or one whose device was taken away.
 * @throws PlainsealError `not-found`, `bad-request`, `refused` where it cannot be, `conflict` while nothing stops it.
 */
export function linkableAgain(
  of: { readonly db: Database; readonly lanes: Pick<Lanes, 'get'> },
  id: AccountId | null,
  network: NetworkId,
): { readonly account: Account; readonly again: Again } {
  const account = id === null ? null : findAccount(of.db, id);
  if (!account) throw new PlainsealError('not-found', 'no such account');
  if (account.network !== network)
    throw new PlainsealError('bad-request', 'the account is on another network');
  const again = readAgain(of.db, account.id);
  if (again === null || !isLinked(network))
    throw new PlainsealError('refused', 'this account cannot be linked again');
  const status = of.lanes.get(account.id)?.status;
  const unlinked = status?.kind === 'needs-person' && status.why === 'unlinked';
  if (!unlinked && !isCopied(of.db, account.id))
    throw new PlainsealError('conflict', 'nothing stops this account');
  return { account, again };
}
