import { useState, type ReactNode } from 'react';
import { kindOf } from '../../shared/errors.ts';
import type { KeptBy } from '../../shared/contract/settings.ts';
import type { CallArgs } from '../../shared/contract/calls.ts';
import { insist, newRequest } from '../app/core.ts';
import { Button } from '../ui/button.tsx';
import { say, words } from '../words.ts';
import styles from './sheet.module.css';

type Act = CallArgs<'profile.passphrase'>['act'];

/** What opens this profile at the start, and when that is lost. Passphrase and phrase are shown and typed in the shell's own window, never here. */
export function Lock({ keptBy, phrase }: { readonly keptBy: KeptBy; readonly phrase: boolean }): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const acts: readonly Act[] = keptBy === 'passphrase' ? ['change', 'remove'] : ['set'];
  function told(asked: Promise<boolean>): void {
    setTrouble(null);
    asked.catch((error: unknown) => {
      const { what, todo } = words.error(kindOf(error));
      // Saying no in the window that asked is an answer, not a fault.
      if (kindOf(error) !== 'refused' && kindOf(error) !== 'cancelled') setTrouble(`${what} ${todo}`);
    });
  }
  return (
    <section className={styles['lock']}>
      <h3>{say('settings.lock')}</h3>
      <p>{say(`settings.lock.${keptBy}`)}</p>
      <div className={styles['acts']}>
        {acts.map((act) => (
          <Button
            key={act}
            small
            onClick={() => told(insist('profile.passphrase', { request: newRequest(), act }))}
          >
            {say(`settings.lock.${act}`)}
          </Button>
        ))}
      </div>
      <p>{say(phrase ? 'settings.phrase.made' : 'settings.phrase.none')}</p>
      <div className={styles['acts']}>
        <Button small onClick={() => told(insist('profile.phrase', { request: newRequest() }))}>
          {say(phrase ? 'settings.phrase.replace' : 'settings.phrase.make')}
        </Button>
      </div>
      <output>{trouble}</output>
    </section>
  );
}
