import type { ReactNode } from 'react';
import { say } from '../words.ts';
import styles from './brand.module.css';
import { cx } from '../ui/classes.ts';

/** The mark and the name. */
export function Brand({ className }: { readonly className?: string | undefined }): ReactNode {
  return (
    <div className={cx(styles['brand'], className)}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle className={styles['ring']} cx="12" cy="12" r="10.2" />
        <circle className={styles['seal']} cx="12" cy="12" r="6" />
      </svg>
      <span>{say('app.name')}</span>
    </div>
  );
}
