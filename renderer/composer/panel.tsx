import { useRef, type ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { useLostFocus } from '../ui/focus.ts';
import styles from './panel.module.css';

/** One thing the person can do, and what follows from it. */
export type Act = {
  readonly key: string;
  readonly label: string;
  readonly means: string;
  readonly look?: 'go' | 'plain' | 'open';
  readonly onAct: () => void;
};

/** What stands in place of the composer: cause first, then consequence, then acts, each with its own consequence. */
export function Panel({
  name,
  kind,
  title,
  cause,
  meaning,
  acts,
  trouble,
}: {
  readonly name: string;
  readonly kind: 'stopped' | 'request';
  readonly title: ReactNode;
  readonly cause: ReactNode;
  readonly meaning: ReactNode;
  readonly acts: readonly Act[];
  readonly trouble: string | null;
}): ReactNode {
  const panel = useRef<HTMLElement>(null);
  // An act may go once it is done, while the panel stays.
  const hearFocus = useLostFocus(() => panel.current?.focus({ preventScroll: true }));
  return (
    <section
      ref={panel}
      className={cx(styles['panel'], styles[kind])}
      aria-label={name}
      data-region="composer"
      tabIndex={-1}
    >
      <div className={styles['inside']}>
        <h2 className={styles['title']}>{title}</h2>
        <p className={styles['why']}>
          <strong>{cause}</strong> {meaning}
        </p>
        <div className={styles['acts']} onFocus={hearFocus}>
          {acts.map((act) => (
            <div key={act.key} className={styles['act']}>
              <Button look={act.look ?? 'plain'} onClick={act.onAct}>
                {act.label}
              </Button>
              <p>{act.means}</p>
            </div>
          ))}
        </div>
        <output className={styles['trouble']}>{trouble}</output>
      </div>
    </section>
  );
}
