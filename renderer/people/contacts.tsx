import { useEffect, useState, type ReactNode } from 'react';
import { MAX_PAGE } from '../../shared/contract/calls.ts';
import type { ContactRow } from '../../shared/contract/conversation.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { call } from '../app/core.ts';
import { say } from '../words.ts';
import styles from './contacts.module.css';

/** People suggested at once. */
const MAX_SUGGESTED = 8;
/** Wait after the last key before looking, in ms. */
const WAIT_MS = 80;

/** Whom an account knows that fits what was typed; an older answer never replaces that of a newer text. */
function useContacts(account: AccountId, text: string, limit: number): readonly ContactRow[] | null {
  const [rows, setRows] = useState<readonly ContactRow[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call('contact.list', { account, text, limit }, stop.signal).then(
        (found) => setRows(found.rows),
        () => {
          if (!stop.signal.aborted) setRows([]);
        },
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [account, text, limit]);
  return rows;
}

/** People the account knows by name, to pick from. */
export function Contacts({
  account,
  text,
  without = [],
  disabled,
  none = null,
  onPick,
}: {
  readonly account: AccountId;
  readonly text: string;
  /** Who is not offered. */
  readonly without?: readonly PeerId[];
  readonly disabled: boolean;
  /** What stands there when nobody fits. */
  readonly none?: ReactNode;
  readonly onPick: (contact: ContactRow) => void;
}): ReactNode {
  const limit = Math.min(MAX_PAGE, MAX_SUGGESTED + without.length);
  const found = useContacts(account, text.trim().slice(0, 200), limit);
  if (found === null) return null;
  const rows = found.filter(({ peer }) => !without.includes(peer)).slice(0, MAX_SUGGESTED);
  if (rows.length === 0) return none;
  return (
    <ul className={styles['contacts']} aria-label={say('new.contacts')} data-testid="contacts">
      {rows.map((row) => (
        <li key={row.peer}>
          <button type="button" className={styles['contact']} disabled={disabled} onClick={() => onPick(row)}>
            <bdi>{plainName(row.name, say('name.none'))}</bdi>
            {row.address === null ? null : (
              <bdi className={styles['address']}>{plainLetters(row.address)}</bdi>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
