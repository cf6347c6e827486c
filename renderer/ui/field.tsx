import { useId, type ComponentPropsWithRef, type ReactNode } from 'react';
import { cx } from './classes.ts';
import styles from './field.module.css';

type Props = ComponentPropsWithRef<'input'> & {
  readonly label: string;
  /** A stated sentence under the field. */
  readonly means?: ReactNode;
  /** What is wrong with it. */
  readonly fault?: ReactNode;
  /** Stands inside the field, at its end. */
  readonly after?: ReactNode;
};

/** One line of text with its name above it. */
export function TextField({ label, means, fault, after, className, ...rest }: Props): ReactNode {
  const id = useId();
  const told = means !== undefined || fault !== undefined;
  return (
    <div className={cx(styles['field'], className)}>
      <label className={styles['label']} htmlFor={id}>
        {label}
      </label>
      <div className={styles['box']}>
        <input
          id={id}
          className={styles['input']}
          aria-describedby={told ? `${id}-told` : undefined}
          aria-invalid={fault !== undefined || undefined}
          {...rest}
        />
        {after}
      </div>
      {told ? (
        <p className={cx(styles['means'], fault !== undefined && styles['fault'])} id={`${id}-told`}>
          {fault ?? means}
        </p>
      ) : null}
    </div>
  );
}
