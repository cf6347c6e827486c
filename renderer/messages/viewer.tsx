import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '../ui/button.tsx';
import { say } from '../words.ts';
import styles from './viewer.module.css';

/** A picture as large as the window; any press or Esc closes it. */
export function Viewer({
  source,
  name,
  onClose,
}: {
  readonly source: string;
  readonly name: string;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['scrim']} />
        <Dialog.Popup className={styles['viewer']}>
          <Dialog.Title className="seen-only-by-ear">{say('file.picture', { name })}</Dialog.Title>
          <img className={styles['picture']} src={source} alt={say('file.picture', { name })} />
          <Dialog.Close render={<IconButton className={styles['close']} label={say('app.close')} />}>
            <X aria-hidden="true" />
          </Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
