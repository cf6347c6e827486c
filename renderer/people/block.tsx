import { useState, type ReactNode } from 'react';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, NetworkId, PeerId } from '../../shared/ids.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { closeConversation, showSheet } from '../app/view.ts';
import { networkFacts } from '../label/network-facts.ts';
import { Stated } from '../label/stated.tsx';
import { Button } from '../ui/button.tsx';
import { Facts } from '../ui/facts.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import styles from './block.module.css';
import { usePerson } from './routes.tsx';

/** Blocks a person on all networks at once, after saying of each what that does there and what it does not. */
export function BlockSheet({
  peer,
  account,
}: {
  readonly peer: PeerId;
  readonly account: AccountId;
}): ReactNode {
  const person = usePerson(peer);
  const row = useAnswer(() => call('peer.get', { peer, account }), [peer, account]);
  const [trouble, setTrouble] = useState<string | null>(null);
  if (person === null || row === null) return null;
  const facts = [...new Set(person.routes.map(({ network }) => network))].map(factsOf);

  function block(): void {
    insist('person.block', { request: newRequest(), peer }).then(
      () => {
        showSheet(null);
        closeConversation();
      },
      (error: unknown) => setTrouble(words.error(kindOf(error)).what),
    );
  }

  const name = nameInSentence(row.name, say('name.none'));
  return (
    <Sheet
      title={<Stated text={say('block.title', { name })} name={row.name} />}
      sub={say('block.sub')}
      onClose={() => showSheet({ kind: 'contact', peer, account })}
    >
      <Facts
        rows={[
          { name: say('block.here'), value: say('block.here.means') },
          ...facts.map(({ network, note }) => ({
            name: words.networkName(network),
            value: note === null ? say('facts.unknown') : words.sayCode(note),
          })),
          { name: say('block.groups'), value: say('block.groups.means') },
        ]}
      />
      <details className={styles['sources']}>
        <summary>{say('block.sources')}</summary>
        <dl>
          {facts.map(({ network, asOf, sources }) => (
            <div key={network}>
              <dt>{words.networkName(network)}</dt>
              <dd>
                {asOf === null
                  ? say('facts.basis.none')
                  : `${words.basisSentences([{ kind: 'data', day: asOf, sources }]).join()}: ${sources.join('; ')}`}
              </dd>
            </div>
          ))}
        </dl>
      </details>
      <div className={styles['acts']}>
        <Button look="go" onClick={block}>
          {say('block.go')}
        </Button>
        <Button onClick={() => showSheet({ kind: 'contact', peer, account })}>{say('app.cancel')}</Button>
      </div>
      <output>{trouble}</output>
    </Sheet>
  );
}

/** What is known of a network's blocks; nothing of one that is not listed. */
function factsOf(network: NetworkId) {
  return (
    networkFacts.blocking.find((each) => each.network === network) ?? {
      network,
      note: null,
      asOf: null,
      sources: [],
    }
  );
}
