import { Archive, CircleDot, Flag, Inbox, Pencil, Plus, SlidersHorizontal, UserPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AccountRow } from '../../shared/contract/account.ts';
import { NetworkIcon } from './network-icon.tsx';
import { useAccounts } from '../accounts/store.ts';
import { Brand } from '../app/brand.tsx';
import { showFilter, showSheet, useView, type Filter } from '../app/view.ts';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import styles from './rail.module.css';
import { useChats } from './store.ts';

const lists: readonly { readonly filter: Filter; readonly icon: typeof Inbox }[] = [
  { filter: 'all', icon: Inbox },
  { filter: 'unread', icon: CircleDot },
  { filter: 'stopped', icon: Flag },
  { filter: 'requests', icon: UserPlus },
  { filter: 'drafts', icon: Pencil },
  { filter: 'archived', icon: Archive },
];

/** What a list is called. */
export function filterName(filter: Filter): string {
  return say(filter === 'all' ? 'rail.inbox' : `rail.${filter}`);
}

/** Lists and accounts, at the left edge; folds to icons in a narrow window. */
export function Rail(): ReactNode {
  const filter = useView((view) => view.filter);
  const counts = useChats((chats) => chats.counts);
  const accounts = useAccounts((state) => state.rows) ?? [];
  const count = (of: Filter): number => {
    if (!counts) return 0;
    if (of === 'all') return counts.unread;
    return of === 'stopped' || of === 'requests' || of === 'drafts' ? counts[of] : 0;
  };
  return (
    <nav className={styles['rail']} aria-label={say('rail.label')} data-region="rail">
      <Brand className={styles['brand']} />
      <ul className={styles['group']}>
        {lists.map(({ filter: of, icon: Icon }) => (
          <li key={of}>
            <RailButton
              icon={<Icon aria-hidden="true" />}
              name={filterName(of)}
              count={count(of)}
              loud={of === 'all' || of === 'stopped'}
              current={filter === of}
              onClick={() => showFilter(of)}
            />
          </li>
        ))}
      </ul>
      <section className={styles['accounts']}>
        <h2 className={styles['heading']}>{say('rail.accounts')}</h2>
        <ul className={styles['group']}>
          {accounts.map((account) => (
            <li key={account.id}>
              <AccountButton account={account} />
            </li>
          ))}
        </ul>
      </section>
      <ul className={cx(styles['group'], styles['foot'])}>
        <li>
          <RailButton
            icon={<Plus aria-hidden="true" />}
            name={say('rail.add')}
            onClick={() => showSheet({ kind: 'add-account', network: null })}
          />
        </li>
        <li>
          <RailButton
            icon={<SlidersHorizontal aria-hidden="true" />}
            name={say('rail.settings')}
            onClick={() => showSheet({ kind: 'settings' })}
          />
        </li>
      </ul>
    </nav>
  );
}

function AccountButton({ account }: { readonly account: AccountRow }): ReactNode {
  const { status } = account;
  const asks = status.kind === 'needs-person' || (status.kind === 'online' && status.lacks !== undefined);
  return (
    <RailButton
      icon={<NetworkIcon network={account.network} />}
      name={account.address}
      loud={asks}
      state={accountState(account)}
      onClick={() => showSheet({ kind: 'account', account: account.id })}
    />
  );
}

/** What an account is doing, in a few words. */
export function accountState(account: AccountRow): string {
  const { status, checkedAt } = account;
  return status.kind === 'online' && status.lacks === undefined && checkedAt !== null
    ? say('account.checked', { time: words.clock(checkedAt) })
    : words.statusSentence(status);
}

function RailButton({
  icon,
  name,
  count = 0,
  loud,
  current,
  state,
  onClick,
}: {
  readonly icon: ReactNode;
  readonly name: string;
  readonly count?: number;
  readonly loud?: boolean;
  readonly current?: boolean;
  readonly state?: string;
  readonly onClick: () => void;
}): ReactNode {
  return (
    <button
      type="button"
      className={styles['item']}
      title={state === undefined ? name : `${name}. ${state}`}
      aria-current={current ? 'page' : undefined}
      data-start={current || undefined}
      onClick={onClick}
    >
      {icon}
      <span className={styles['name']}>{name}</span>
      {count > 0 ? <span className={cx(styles['count'], loud && styles['loud'])}>{count}</span> : null}
      {state === undefined ? null : (
        <small className={cx(styles['state'], loud && styles['asks'])}>{state}</small>
      )}
    </button>
  );
}
