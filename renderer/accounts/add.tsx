import { ChevronRight, KeyRound, Mail, Smartphone } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import { mayAdd, type Disclosure } from '../../shared/contract/account.ts';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import { Brand } from '../app/brand.tsx';
import { useProfile } from '../app/session.ts';
import { showSheet } from '../app/view.ts';
import { LabelWords } from '../label/line.tsx';
import { LinkButton } from '../ui/button.tsx';
import { say } from '../words.ts';
import styles from './add.module.css';
import { DisclosurePage } from './disclosure.tsx';
import { Elsewhere } from './elsewhere.tsx';
import { EmailForm } from './email.tsx';
import { NostrForm } from './nostr.tsx';
import { AccountPage } from './page.tsx';
import { LinkAgain, SignalLink } from './signal.tsx';
import { useAccounts } from './store.ts';

/** The first page of a new profile. */
export function Welcome(): ReactNode {
  const [network, setNetwork] = useState<NetworkId | null>(null);
  if (network !== null) return <AddNetwork network={network} onBack={() => setNetwork(null)} />;
  return (
    <main className={styles['first']}>
      <div className={styles['left']}>
        <Brand />
        <h1>{say('welcome.title')}</h1>
        <Examples />
        <p className={styles['line']}>{say('welcome.line')}</p>
      </div>
      <div className={styles['right']}>
        <h2>{say('welcome.start')}</h2>
        <Choices
          onChoose={(chosen) => {
            // What is said once a key was made stays after there is an account.
            if (chosen === 'nostr') showSheet({ kind: 'add-account', network: chosen });
            else setNetwork(chosen);
          }}
        />
        <p className={styles['none']}>
          <LinkButton onClick={() => showSheet({ kind: 'add-account', network: null })}>
            {say('elsewhere.look')}
          </LinkButton>
        </p>
        <p className={styles['none']}>
          {say('welcome.none')} {say('welcome.none.more')}
        </p>
      </div>
    </main>
  );
}

/** How labels read, shown on invented people before there are real ones. */
function Examples(): ReactNode {
  const email = say('network.email');
  return (
    <ul className={styles['examples']}>
      <Example name={say('welcome.example.members')} route={say('network.signal')}>
        <LabelWords kind="members">
          {say('label.only-you-and.short', { name: say('welcome.example.members') })}
        </LabelWords>
      </Example>
      <Example
        name={say('welcome.example.limited')}
        route={say('route.name', { network: email, protocol: say('protocol.openpgp') })}
      >
        <LabelWords kind="members-limited">{say('label.limited.short')}</LabelWords>
      </Example>
      <Example
        name={say('welcome.example.provider')}
        route={say('route.name', { network: email, protocol: say('protocol.none') })}
      >
        <LabelWords kind="provider">
          {say('label.provider.short', { who: say('welcome.example.provider.who') })}
        </LabelWords>
      </Example>
      <Example
        name={say('welcome.example.stopped')}
        route={say('route.name', { network: email, protocol: say('protocol.openpgp') })}
      >
        <LabelWords kind="stopped">
          {say('stopped.short', {
            cause: say('stopped.identity-changed', { name: say('welcome.example.stopped') }).replace(
              /\.$/u,
              '',
            ),
          })}
        </LabelWords>
      </Example>
    </ul>
  );
}

function Example({
  name,
  route,
  children,
}: {
  readonly name: string;
  readonly route: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <li>
      <span className={styles['person']}>
        {name}
        <small>{route}</small>
      </span>
      <span className={styles['label']}>{children}</span>
    </li>
  );
}

/** The networks an account can be added for. The test network of the lanes has no form: only tests add it. */
function Choices({ onChoose }: { readonly onChoose: (network: NetworkId) => void }): ReactNode {
  const kind = useProfile((state) => state.kind);
  return (
    <ul className={styles['choices']}>
      <Choice
        icon={<Mail aria-hidden="true" />}
        name={say('welcome.email')}
        means={say('welcome.email.means')}
        onChoose={() => onChoose('email')}
      />
      <Choice
        icon={<Smartphone aria-hidden="true" />}
        name={say('network.signal')}
        means={say('welcome.signal.means')}
        onChoose={() => onChoose('signal')}
      />
      {kind !== null && mayAdd(kind, 'nostr') ? (
        <Choice
          icon={<KeyRound aria-hidden="true" />}
          name={say('network.nostr')}
          means={say('welcome.nostr.means')}
          onChoose={() => onChoose('nostr')}
        />
      ) : null}
    </ul>
  );
}

function Choice({
  icon,
  name,
  means,
  onChoose,
}: {
  readonly icon: ReactNode;
  readonly name: string;
  readonly means: string;
  readonly onChoose: () => void;
}): ReactNode {
  return (
    <li>
      <button type="button" onClick={onChoose}>
        {icon}
        <span>
          <b>{name}</b>
          <small>{means}</small>
        </span>
        <ChevronRight aria-hidden="true" />
      </button>
    </li>
  );
}

/** Adding an account in place of what is shown; a first one too, where its page has more to say once there is an account. */
export function AddAccountPage({ network }: { readonly network: NetworkId | null }): ReactNode {
  const isFirst = useAccounts((state) => state.rows?.length === 0);
  if (network !== null)
    return (
      <AddNetwork
        network={network}
        onBack={() => showSheet(isFirst ? null : { kind: 'add-account', network: null })}
      />
    );
  return (
    <AccountPage title={say('account.add.title')} sub={say('account.add.sub')} onBack={() => showSheet(null)}>
      <Choices onChoose={(chosen) => showSheet({ kind: 'add-account', network: chosen })} />
      <Elsewhere />
    </AccountPage>
  );
}

/** Linking an account again, in place of what is shown. */
export function LinkAgainPage({ account }: { readonly account: AccountId }): ReactNode {
  const disclosure = useUnread('signal');
  const onBack = (): void => showSheet({ kind: 'account', account });
  return disclosure ? (
    <DisclosurePage disclosure={disclosure} onBack={onBack} />
  ) : (
    <LinkAgain account={account} onBack={onBack} />
  );
}

/** The disclosure of a network, where this version of it was not accepted yet. */
function useUnread(network: NetworkId): Disclosure | null {
  const disclosure = useAccounts((state) => state.disclosures.find((each) => each.network === network));
  return disclosure && disclosure.acceptedVersion !== disclosure.version ? disclosure : null;
}

/** One network: its disclosure first, when this version of it was not accepted yet; then its form. */
function AddNetwork({
  network,
  onBack,
}: {
  readonly network: NetworkId;
  readonly onBack: () => void;
}): ReactNode {
  const disclosure = useUnread(network);
  if (disclosure) return <DisclosurePage disclosure={disclosure} onBack={onBack} />;
  switch (network) {
    case 'signal':
      return <SignalLink onBack={onBack} />;
    case 'nostr':
      return <NostrForm onBack={onBack} />;
    case 'email':
    case 'dummy':
      return <EmailForm onBack={onBack} />;
    default:
      return assertNever(network);
  }
}
