import type { ReactNode } from 'react';
import type { ErrorKind } from '../../shared/errors.ts';
import type { FlowFailure } from '../../shared/lane/flow.ts';
import { words } from '../words.ts';
import styles from './trouble.module.css';

/** Why a flow ended without its result: what happened, what it means, what to do. */
export function FlowTrouble({ why }: { readonly why: FlowFailure }): ReactNode {
  const { what, means, todo } = words.flowFailure(why);
  return (
    <div className={styles['trouble']} role="alert">
      <p className={styles['what']}>{what}</p>
      <p>{means}</p>
      <p>{todo}</p>
    </div>
  );
}

/** What went wrong inside, and what to do. */
export function ErrorTrouble({ kind }: { readonly kind: ErrorKind }): ReactNode {
  const { what, todo } = words.error(kind);
  return (
    <div className={styles['trouble']} role="alert">
      <p className={styles['what']}>{what}</p>
      <p>{todo}</p>
    </div>
  );
}
