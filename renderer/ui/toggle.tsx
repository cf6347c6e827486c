import { Switch } from '@base-ui/react/switch';
import { useId, type ReactNode } from 'react';
import styles from './toggle.module.css';

/** On or off, with what it means. */
export function Toggle({
  label,
  means,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly means: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className={styles['toggle']}>
      <span>
        <span className={styles['label']} id={id}>
          {label}
        </span>
        <small id={`${id}-means`}>{means}</small>
      </span>
      <Switch.Root
        className={styles['track']}
        aria-labelledby={id}
        aria-describedby={`${id}-means`}
        checked={checked}
        onCheckedChange={onChange}
      >
        <Switch.Thumb className={styles['thumb']} />
      </Switch.Root>
    </div>
  );
}
