import { useState, type ReactNode } from 'react';
import { hasRatchet, type AccountRow } from '../../shared/contract/account.ts';
import type { AccountId } from '../../shared/ids.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { accountState } from '../chats/rail.tsx';
import { KeyGroups } from '../people/key-groups.tsx';
import { whereNotKept } from '../people/strangers.ts';
import { Button } from '../ui/button.tsx';
import { Facts } from '../ui/facts.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { faultOf, say, words } from '../words.ts';
import { DisclosureText, statementsOf } from './disclosure.tsx';
import { revealKey } from './nostr.tsx';
import styles from './sheet.module.css';
import { acceptDisclosure, useAccount, useAccounts } from './store.ts';

/** One of my accounts: what it is doing, its key, what it does not fetch, and how to remove it. */
export function AccountSheet({ account }: { readonly account: AccountId }): ReactNode {
  const row = useAccount(account);
  const close = (): void => showSheet(null);
  if (!row) return null;
  const network = words.networkName(row.network);
  return (
    <Sheet
      title={<bdi className={styles['address']}>{row.address}</bdi>}
      sub={row.testNetwork ? `${say('network.test')} · ${network}` : network}
      onClose={close}
    >
      <Facts
        rows={[
          { name: say('account.status'), value: accountState(row) },
          ...(row.identity === null
            ? []
            : [{ name: say('account.identity'), value: <KeyGroups identity={row.identity} large /> }]),
        ]}
      />
      {row.plainMailSkipped === null ? null : (
        <p className={styles['stated']}>
          {say('account.plain')}{' '}
          {row.plainMailSkipped > 0 ? say('account.plain.count', { count: row.plainMailSkipped }) : null}{' '}
          {say('account.plain.known')}
        </p>
      )}
      {row.notKept === 0 ? null : (
        <p className={styles['stated']}>
          {say('strangers.all', { count: row.notKept })} {whereNotKept(row.network)}
        </p>
      )}
      {row.keyKept === null ? null : (
        <p className={styles['stated']}>
          {row.keyKept ? say('nostr.kept') : say('nostr.not-kept')} {say('nostr.lose')}
        </p>
      )}
      {row.network === 'nostr' ? (
        <p className={styles['stated']}>
          {say('nostr.conforms')} {say('nostr.untried')}
        </p>
      ) : null}
      <Copied row={row} />
      <Acts row={row} onGone={close} />
      <Read row={row} />
    </Sheet>
  );
}

/** What stays, and what to do, where the profile is a copy. */
function Copied({ row }: { readonly row: AccountRow }): ReactNode {
  if (!isCopied(row)) return null;
  const { network } = row;
  return (
    <p className={styles['stated']}>
      {say('account.copy.read')} {hasRatchet(network) ? say(`account.copy.${network}`) : null}
    </p>
  );
}

const isCopied = ({ status }: AccountRow): boolean =>
  status.kind === 'needs-person' && status.why === 'clone-suspected';

function Acts({ row, onGone }: { readonly row: AccountRow; readonly onGone: () => void }): ReactNode {
  const [told, setTold] = useState<string | null>(null);
  const failed = (error: unknown): void => setTold(faultOf(error));
  const isUnlinked = row.status.kind === 'needs-person' && row.status.why === 'unlinked';
  const isCopy = isCopied(row);
  // Signal's own word, while there is still a link.
  const unlinks = row.network === 'signal' && !isUnlinked;
  const isKey = row.keyKept !== null;
  /** Signal's keys are the phone's. */
  const hasKeyFile = row.identity !== null && row.network !== 'signal';
  const acts = [
    ...(row.network !== 'signal' || !(isUnlinked || isCopy)
      ? []
      : [
          {
            key: 'link-again',
            label: say('account.link-again'),
            means: say('account.link-again.means'),
            onAct: async () => showSheet({ kind: 'link-again', account: row.id }),
          },
        ]),
    ...(row.status.kind !== 'needs-person' || row.status.why !== 'captcha'
      ? []
      : [
          {
            key: 'prove-person',
            label: say('prove-person.act'),
            means: say('prove-person.act.means'),
            onAct: async () => showSheet({ kind: 'prove-person', account: row.id }),
          },
        ]),
    ...(!isCopy || row.network === 'signal'
      ? []
      : [
          {
            key: 'go-on',
            label: say('account.go-on'),
            means: say(row.network === 'nostr' ? 'account.go-on.nostr.means' : 'account.go-on.means'),
            onAct: () => insist('account.go-on', { request: newRequest(), account: row.id }).catch(failed),
          },
        ]),
    ...(row.network !== 'email' || isCopy
      ? []
      : [
          {
            key: 'sign-in',
            label: say('account.sign-in'),
            means: say('account.sign-in.means'),
            onAct: async () => showSheet({ kind: 'sign-in', account: row.id }),
          },
        ]),
    ...(isUnlinked || isCopy
      ? []
      : [
          {
            key: 'reconnect',
            label: say('account.reconnect'),
            means: say('account.reconnect.means'),
            onAct: () => call('account.reconnect', { account: row.id }).catch(failed),
          },
        ]),
    ...(row.network !== 'nostr' || isCopy
      ? []
      : [
          {
            key: 'relays',
            label: say('nostr.relays.act'),
            means: say('nostr.relays.act.means'),
            onAct: async () => showSheet({ kind: 'relays', account: row.id }),
          },
        ]),
    ...(!isKey
      ? []
      : [
          {
            key: 'reveal',
            label: say('nostr.keep.now'),
            means: say('nostr.keep.now.means'),
            onAct: () =>
              revealKey(row.id)
                .then((written) => setTold(written ? say('nostr.kept') : null))
                .catch(failed),
          },
        ]),
    ...(!hasKeyFile
      ? []
      : [
          {
            key: 'export',
            label: say('account.export'),
            means: say(isKey ? 'nostr.export.means' : 'account.export.means'),
            onAct: () =>
              insist('key.export', { request: newRequest(), account: row.id })
                .then((written) => setTold(written ? say('account.export.done') : null))
                .catch(failed),
          },
        ]),
    // Where the key is the account, another key is another account.
    ...(!hasKeyFile || isKey
      ? []
      : [
          {
            key: 'import',
            label: say('account.import'),
            means: say('account.import.means'),
            onAct: () =>
              insist('key.import', { request: newRequest(), account: row.id })
                .then(() => setTold(say('account.import.done')))
                .catch(failed),
          },
        ]),
    {
      key: 'remove',
      label: say(unlinks ? 'signal.unlink' : 'account.remove'),
      means: say(
        unlinks
          ? 'signal.unlink.means'
          : row.network === 'signal'
            ? 'signal.remove.means'
            : isKey
              ? 'nostr.remove.means'
              : 'account.remove.means',
      ),
      onAct: () =>
        insist('account.remove', { request: newRequest(), account: row.id })
          .then((removed) => {
            if (removed) onGone();
          })
          .catch(failed),
    },
  ];
  return (
    <>
      <ul className={styles['acts']}>
        {acts.map((act) => (
          <li key={act.key}>
            <button type="button" onClick={() => void act.onAct()}>
              <b>{act.label}</b>
              <small>{act.means}</small>
            </button>
          </li>
        ))}
      </ul>
      <output className={styles['trouble']}>{told}</output>
    </>
  );
}

/** The disclosure again, as it was accepted; one that was not yet is open, and can be accepted here. */
function Read({ row }: { readonly row: AccountRow }): ReactNode {
  const disclosure = useAccounts((state) => state.disclosures.find((each) => each.network === row.network));
  const statements = disclosure ? statementsOf(disclosure) : null;
  if (!disclosure || !statements) return null;
  const accepted = disclosure.acceptedVersion === disclosure.version;
  return (
    <details className={styles['read']} open={!accepted}>
      <summary>{say('account.disclosure')}</summary>
      <DisclosureText disclosure={disclosure} />
      {accepted ? null : (
        <Button
          look="go"
          onClick={() => {
            // It stays open and can be accepted again.
            acceptDisclosure(disclosure).catch(() => undefined);
          }}
        >
          {say('disclosure.accept')}
        </Button>
      )}
    </details>
  );
}
