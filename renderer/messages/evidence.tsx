import type { ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import type { NetworkId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { KeyGroups } from '../people/key-groups.tsx';
import { say, words } from '../words.ts';
import styles from './details.module.css';

/** One line of the details. */
export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What the evidence says by its kind: keys, proof, suite; and whether future quantum computers were thought of. */
export function EvidenceFacts({
  evidence,
  network,
}: {
  readonly evidence: Evidence;
  readonly network: NetworkId;
}): ReactNode {
  const quantum = words.postQuantumRow(evidence.facts);
  return (
    <>
      <How evidence={evidence} network={network} />
      <Fact name={quantum.name}>{quantum.value}</Fact>
      {evidence.details.map(({ name, value }) => (
        <Fact key={name} name={words.detailName(name)}>
          {name === 'own-key' || name === 'peer-key' ? (
            <KeyGroups identity={value} />
          ) : value === 'yes' || value === 'no' ? (
            say(`evidence.value.${value}`)
          ) : (
            plainName(value)
          )}
        </Fact>
      ))}
    </>
  );
}

/** The device of a Signal account that all others are linked to. */
const PHONE = '1';

function How({ evidence, network }: { readonly evidence: Evidence; readonly network: NetworkId }): ReactNode {
  switch (evidence.how) {
    case 'sealed-here':
      return evidence.to.map(({ peer, key, trust }) => (
        <Fact key={peer} name={say('details.sealed-to')}>
          <KeyGroups identity={key} />
          <span className={styles['limit']}>{words.trustSentence(trust)}</span>
        </Fact>
      ));
    case 'opened-here':
      return (
        <>
          <Fact name={say('details.proof')}>{say(`evidence.proof.${evidence.from.proof}`)}</Fact>
          <Fact name={say('evidence.detail.peer-key')}>
            <KeyGroups identity={evidence.from.key} />
            <span className={styles['limit']}>{words.trustSentence(evidence.from.trust)}</span>
          </Fact>
        </>
      );
    case 'told-by-own-device':
      return (
        <Fact name={say('details.told')}>
          {network !== 'signal'
            ? plainName(evidence.device)
            : evidence.device === PHONE
              ? say('details.told.phone')
              : say('details.device', { number: plainName(evidence.device) })}
        </Fact>
      );
    case 'in-the-clear':
    case 'imported':
      return <Fact name={say('details.from')}>{plainName(evidence.from)}</Fact>;
    default:
      return assertNever(evidence);
  }
}

/** Every fact of every path, the unknown ones too. */
export function Paths({ evidence }: { readonly evidence: Evidence }): ReactNode {
  return evidence.facts.map((facts, index) => (
    // Paths have no name of their own and never change places.
    // oxlint-disable-next-line react/no-array-index-key
    <details key={index} className={styles['more']}>
      <summary>{say('details.facts')}</summary>
      <dl className={styles['facts']}>
        {words.factRows(facts).map(({ name, value }) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </dl>
    </details>
  ));
}

/** The evidence of an earlier version or of a reaction, folded away under how it is known. */
export function Kept({
  evidence,
  network,
}: {
  readonly evidence: Evidence | null;
  readonly network: NetworkId;
}): ReactNode {
  if (evidence === null) return <span className={styles['limit']}>{say('evidence.none')}</span>;
  return (
    <details className={styles['more']}>
      <summary>{words.evidenceHow(evidence.how)}</summary>
      <dl className={styles['facts']}>
        <EvidenceFacts evidence={evidence} network={network} />
      </dl>
      <Paths evidence={evidence} />
    </details>
  );
}
