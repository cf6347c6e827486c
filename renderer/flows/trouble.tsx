import type { ReactNode } from 'react';
import type { ErrorKind } from '../../shared/errors.ts';
import type { FlowFailure } from '../../shared/lane/flow.ts';
import type { FlowPlace } from '../../shared/words/trouble.ts';
import { words } from '../words.ts';
import styles from './trouble.module.css';

/** Why a flow ended without its result: what happened, what it means, what to do. */
export function FlowTrouble({
  why,
  place = null,
  of,
}: {
  readonly why: FlowFailure;
  readonly place?: FlowPlace | null;
  /** What exactly, as it was typed. */
  readonly of?: string | undefined;
}): ReactNode {
  return <Trouble {...words.flowFailure(why, place, of)} />;
}

/** What happened, what it means, what to do. */
export function Trouble({
  what,
  means,
  todo,
}: {
  readonly what: string;
  readonly means: string;
  readonly todo: string;
}): ReactNode {
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
