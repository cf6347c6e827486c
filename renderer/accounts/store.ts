import { create } from 'zustand';
import type { AccountRow, Disclosure } from '../../shared/contract/account.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import { call, insist, newRequest } from '../app/core.ts';

type AccountsState = {
  /** Null until the first answer. */
  readonly rows: readonly AccountRow[] | null;
  readonly disclosures: readonly Disclosure[];
};

export const useAccounts = create<AccountsState>(() => ({ rows: null, disclosures: [] }));

/** Fetches my accounts and what was accepted for their networks. */
export async function reloadAccounts(): Promise<void> {
  const [accounts, disclosures] = await Promise.all([call('account.list', {}), call('disclosure.list', {})]);
  useAccounts.setState({ rows: accounts.rows, disclosures: disclosures.rows });
}

/** Accepts a network's disclosure as it reads now, and shows what follows from it. @throws PlainsealError */
export async function acceptDisclosure({ network, version }: Disclosure): Promise<void> {
  await insist('disclosure.accept', { request: newRequest(), network, version });
  await reloadAccounts();
}

/** Takes back what was accepted for a network; its accounts disconnect. @throws PlainsealError */
export async function withdrawDisclosure(network: NetworkId): Promise<void> {
  await insist('disclosure.withdraw', { request: newRequest(), network });
  await reloadAccounts();
}

/** Applies a lane's new status without a fetch: it is all the event carries. */
export function laneChanged({ account, status }: Events['lane']): void {
  useAccounts.setState((state) => ({
    rows: state.rows?.map((row) => (row.id === account ? { ...row, status } : row)) ?? null,
  }));
}

/** One of my accounts, or null. */
export function useAccount(account: AccountId): AccountRow | null {
  return useAccounts((state) => state.rows?.find((row) => row.id === account) ?? null);
}
