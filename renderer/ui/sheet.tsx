import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { say } from '../words.ts';
import { IconButton } from './button.tsx';
import { cx } from './classes.ts';
import styles from './sheet.module.css';

type Props = {
  readonly title: ReactNode;
  readonly sub?: ReactNode;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ReactNode;
};

/** A panel over the page with a heading; Esc, the cross and a press beside it close it. */
export function Sheet({ title, sub, onClose, wide, children }: Props): ReactNode {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup
          ref={popup}
          className={cx(styles['sheet'], wide && styles['wide'])}
          initialFocus={() => popup.current?.querySelector<HTMLElement>('[data-first]') ?? popup.current}
        >
          <header className={styles['head']}>
            <div>
              <Dialog.Title className={styles['title']}>{title}</Dialog.Title>
              {sub === undefined ? null : (
                <Dialog.Description className={styles['sub']}>{sub}</Dialog.Description>
              )}
            </div>
            <Dialog.Close render={<IconButton label={say('app.close')} />}>
              <X aria-hidden="true" />
            </Dialog.Close>
          </header>
          <div className={styles['body']}>{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A panel at the right edge beside which the page stays usable. */
export function Drawer({
  title,
  closeLabel,
  onClose,
  children,
}: {
  readonly title: ReactNode;
  readonly closeLabel: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Dialog.Root
      open
      modal={false}
      disablePointerDismissal
      onOpenChange={(open) => (open ? undefined : onClose())}
    >
      <Dialog.Portal>
        <Dialog.Popup className={styles['drawer']}>
          <header className={styles['drawer-head']}>
            <Dialog.Title className={styles['drawer-title']}>{title}</Dialog.Title>
            <Dialog.Close render={<IconButton label={closeLabel} />}>
              <X aria-hidden="true" />
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
