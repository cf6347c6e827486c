import { useState, type ReactNode } from 'react';
import type { Consent } from '../../shared/contract/account.ts';
import { networks, type NetworkId } from '../../shared/ids.ts';
import { useAccounts, withdrawDisclosure } from '../accounts/store.ts';
import { useAnswer } from '../app/answer.ts';
import { call } from '../app/core.ts';
import { Button } from '../ui/button.tsx';
import { faultOf, say, words } from '../words.ts';
import styles from './consents.module.css';

/** What the person agreed to, network by network, with what it said then and a way to take it back. */
export function Consents(): ReactNode {
  const disclosures = useAccounts((state) => state.disclosures);
  // Asked again when something was accepted or withdrawn.
  const ledger = useAnswer(() => call('disclosure.ledger', {}), [disclosures]);
  if (ledger === null) return null;
  const { rows } = ledger;
  const spoken = networks.filter((network) => rows.some((row) => row.network === network));
  return (
    <section className={styles['consents']} aria-labelledby="consents">
      <h3 id="consents">{say('consent.title')}</h3>
      {spoken.length === 0 ? (
        <p>{say('consent.none')}</p>
      ) : (
        <>
          <p>{say('consent.sub')}</p>
          <p id="withdrawing">
            {say('consent.withdraw.means')} {say('consent.withdraw.kept')}
          </p>
        </>
      )}
      {spoken.map((network) => (
        <OfNetwork
          key={network}
          network={network}
          rows={rows.filter((row) => row.network === network)}
          version={disclosures.find((each) => each.network === network)?.version ?? null}
        />
      ))}
    </section>
  );
}

function OfNetwork({
  network,
  rows,
  version,
}: {
  readonly network: NetworkId;
  readonly rows: readonly Consent[];
  /** Of the text that holds today. */
  readonly version: number | null;
}): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [newest, ...earlier] = rows;
  if (!newest) return null;
  const name = words.networkName(network);
  const holds = newest.withdrawnAt === null;
  return (
    <article>
      <h4>{name}</h4>
      <p>
        {holds ? accepted(newest) : say('consent.withdrawn', { date: words.date(newest.withdrawnAt) })}{' '}
        {holds && version !== null && newest.version < version ? say('consent.asks') : null}
      </p>
      <Said consent={newest} />
      {earlier.length === 0 ? null : (
        <details>
          <summary>{say('consent.history')}</summary>
          {earlier.map((consent) => (
            <div key={`${consent.version} ${consent.acceptedAt}`}>
              <p>
                {consent.withdrawnAt === null
                  ? say('consent.replaced', { ...dated(consent) })
                  : say('consent.earlier', { ...dated(consent), until: words.date(consent.withdrawnAt) })}
              </p>
              <Said consent={consent} />
            </div>
          ))}
        </details>
      )}
      {holds ? (
        <Button
          small
          aria-describedby="withdrawing"
          onClick={() => {
            withdrawDisclosure(network).catch((error: unknown) => setTrouble(faultOf(error)));
          }}
        >
          {say('consent.withdraw', { network: name })}
        </Button>
      ) : null}
      <output>{trouble}</output>
    </article>
  );
}

const dated = ({ acceptedAt, version }: Consent): { readonly date: string; readonly version: number } => ({
  date: words.date(acceptedAt),
  version,
});
const accepted = (consent: Consent): string => say('consent.accepted', dated(consent));

/** The sentences as they read then, which are kept in English. */
function Said({ consent }: { readonly consent: Consent }): ReactNode {
  return (
    <details>
      <summary>{say('consent.said')}</summary>
      {consent.said === null ? (
        <p>{say('consent.not-kept')}</p>
      ) : (
        <ul lang="en">
          {consent.said.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </details>
  );
}
