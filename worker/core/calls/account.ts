import { hasRatchet, type AccountRow } from '../../../shared/contract/account.ts';
import type { AccountId } from '../../../shared/ids.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { Again } from '../../../shared/lane/flow.ts';
import { readAgain } from '../../../storage/again.ts';
import { forgetCopied, isCopied } from '../../../storage/copies.ts';
import { findAccount, listAccounts, removeAccount, type Account } from '../../../storage/accounts.ts';
import { IDENTITY_CURSOR, KEY_KEPT_CURSOR, readCursor, SKIPPED_CURSOR } from '../../../storage/inbound.ts';
import { removeSomeMessages } from '../../../storage/messages.ts';
import { notKeptIn } from '../../../storage/strangers.ts';
import { hasGroups, isKeyAccount, isLinked } from '../capabilities.ts';
import { beginAnew } from '../commit/anew.ts';
import { whyNot } from '../lanes/lanes.ts';
import { confirm, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

/** Messages removed per turn, so that removing an account does not stop the page. */
const REMOVED_AT_ONCE = 200;

/** My accounts. */
export function accountCalls(
  of: CallScope,
): Serve<'account.list' | 'account.remove' | 'account.reconnect' | 'account.go-on'> {
  const keyKept = ({ id, network }: Account): boolean | null =>
    isKeyAccount(network) ? readCursor(of.db, id, KEY_KEPT_CURSOR) !== null : null;

  function row(account: Account): AccountRow {
    const lane = of.lanes.get(account.id);
    const skipped = readCursor(of.db, account.id, SKIPPED_CURSOR);
    return {
      id: account.id,
      network: account.network,
      address: account.address,
      displayName: account.displayName,
      testNetwork: account.environment === 'test',
      status: lane?.status ?? withoutLane(account),
      checkedAt: lane?.checkedAt ?? null,
      plainMailSkipped: skipped !== null && /^\d{1,9}$/.test(skipped) ? Number(skipped) : null,
      notKept: notKeptIn(of.db, account.id),
      groups: hasGroups(account.network),
      keyKept: keyKept(account),
      identity: readCursor(of.db, account.id, IDENTITY_CURSOR),
    };
  }

  function withoutLane(account: Account): AccountRow['status'] {
    const why = whyNot(of.db, account);
    return why === null ? { kind: 'stopped' } : { kind: 'needs-person', why };
  }

  /**
   * What an account begins anew with whose ratchet is given up and whose key stays.
   * @throws PlainsealError `refused`: a ratchet never goes on from a copy, and a device is linked again instead.
   */
  function againWithout({ id, network }: Account): Again {
    const again = isLinked(network) ? null : readAgain(of.db, id);
    if (again === null) throw new PlainsealError('refused', 'a ratchet never goes on from a copy');
    return again;
  }

  function mustBeCopied(id: AccountId): void {
    if (!isCopied(of.db, id)) throw new PlainsealError('conflict', 'the account is none of a copy');
  }

  async function remove(id: AccountId): Promise<void> {
    await of.lanes.stop(id);
    // The index forgets a message only by its own words, so each is taken out; a few per turn.
    while (of.write(() => removeSomeMessages(of.db, id, REMOVED_AT_ONCE)) > 0)
      await new Promise<void>((resolve) => setImmediate(resolve));
  }

  return {
    'account.list': () => ({ rows: listAccounts(of.db).map(row) }),
    'account.remove': async ({ request, account: id }) => {
      const done = await of.once(
        'account.remove',
        request,
        async () => {
          const account = mustFind(findAccount(of.db, id), 'account');
          const kind = keyKept(account) === false ? 'remove-key-account' : 'remove-account';
          await confirm(of, kind, { address: account.address });
          await remove(id);
        },
        (_nothing, touched) => {
          removeAccount(of.db, id);
          touched.accounts = true;
          touched.inbox = true;
          return true;
        },
      );
      of.wipe();
      return done;
    },
    'account.go-on': async ({ request, account: id }) => {
      const account = mustFind(findAccount(of.db, id), 'account');
      const done = await of.once(
        'account.go-on',
        request,
        async () => {
          mustBeCopied(id);
          const again = hasRatchet(account.network) ? againWithout(account) : null;
          await of.lanes.stop(id);
          await confirm(of, again ? 'begin-anew' : 'go-on-here', { address: account.address });
          return again;
        },
        (again, touched) => {
          // Asked twice at once the second would take the state from the lane that the first has started.
          mustBeCopied(id);
          if (again) beginAnew(personScope(of, account, touched), { keeps: again.keeps, work: [] });
          else forgetCopied(of.db, id);
          touched.accounts = true;
          return true;
        },
      );
      of.lanes.start(account);
      return done;
    },
    'account.reconnect': ({ account: id }) => {
      const lane = of.lanes.get(id);
      if (lane) lane.reconnect();
      else of.lanes.start(mustFind(findAccount(of.db, id), 'account'));
      return null;
    },
  };
}
