import { ChevronLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { Brand } from '../app/brand.tsx';
import { IconButton } from '../ui/button.tsx';
import { say } from '../words.ts';
import styles from './page.module.css';

/** A page with one thing on it. */
export function AccountPage({
  title,
  sub,
  onBack,
  children,
}: {
  readonly title: string;
  readonly sub: ReactNode;
  readonly onBack: (() => void) | null;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <main className={styles['page']}>
      <div className={styles['sheet']}>
        <div className={styles['top']}>
          {onBack === null ? null : (
            <IconButton label={say('app.back')} onClick={onBack}>
              <ChevronLeft aria-hidden="true" />
            </IconButton>
          )}
          <Brand />
        </div>
        <h1 className={styles['title']}>{title}</h1>
        <p className={styles['sub']}>{sub}</p>
        {children}
      </div>
    </main>
  );
}
