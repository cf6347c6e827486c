import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement, ReactNode } from 'react';
import styles from './menu.module.css';

export type MenuItem = {
  readonly key: string;
  readonly label: string;
  readonly icon?: ReactNode;
  readonly means?: string;
  readonly onSelect: () => void;
};

/** A button that opens a list of acts. */
export function Menu({
  trigger,
  items,
  align = 'end',
  side = 'bottom',
  onOpenChange,
}: {
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly items: readonly MenuItem[];
  readonly align?: 'start' | 'end';
  readonly side?: 'top' | 'bottom';
  readonly onOpenChange?: (open: boolean) => void;
}): ReactNode {
  return (
    <Base.Root modal={false} onOpenChange={(open) => onOpenChange?.(open)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles['place']} align={align} side={side} sideOffset={4}>
          <Base.Popup className={styles['menu']}>
            {items.map((item) => (
              <Base.Item key={item.key} className={styles['item']} onClick={item.onSelect}>
                {item.icon}
                <span className={styles['words']}>
                  {item.label}
                  {item.means === undefined ? null : <small>{item.means}</small>}
                </span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
