import { useState, type ReactNode } from 'react';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import styles from './apart.module.css';
import { routeName, usePerson } from './routes.tsx';

/** Takes one way out of an entry, so that it stands alone again. */
export function ApartSheet({
  peer,
  account,
}: {
  readonly peer: PeerId;
  readonly account: AccountId;
}): ReactNode {
  const person = usePerson(peer);
  const [trouble, setTrouble] = useState<string | null>(null);
  const back = (): void => showSheet({ kind: 'contact', peer, account });
  if (person === null) return null;
  // A peer that two of my accounts know is taken out once.
  const routes = [...new Map(person.routes.map((route) => [route.peer, route])).values()];

  function takeOut(which: PeerId): void {
    insist('person.apart', { request: newRequest(), peer: which }).then(back, (error: unknown) =>
      setTrouble(words.error(kindOf(error)).what),
    );
  }

  return (
    <Sheet title={say('apart.title')} sub={say('apart.means')} onClose={back}>
      <ul className={styles['routes']}>
        {routes.map((route) => (
          <li key={route.peer}>
            <p>
              <bdi>{plainName(route.name, say('name.none'))}</bdi>
              <small>
                {routeName(route)}
                {route.address === null ? null : <bdi>{plainLetters(route.address)}</bdi>}
              </small>
            </p>
            <Button
              aria-label={say('apart.of', {
                name: plainName(route.name, say('name.none')),
                network: routeName(route),
              })}
              onClick={() => takeOut(route.peer)}
            >
              {say('apart.go')}
            </Button>
          </li>
        ))}
      </ul>
      <output>{trouble}</output>
    </Sheet>
  );
}
