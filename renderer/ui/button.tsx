import type { ComponentPropsWithRef, ReactNode } from 'react';
import styles from './button.module.css';
import { cx } from './classes.ts';

type Props = ComponentPropsWithRef<'button'> & {
  /** `go` is the one filled button of a view; `open` sends where others can read and is never filled. */
  readonly look?: 'plain' | 'go' | 'quiet' | 'open';
  readonly small?: boolean;
};

/** A button with words. */
export function Button({ look = 'plain', small, className, type, ...rest }: Props): ReactNode {
  return (
    <button
      type={type ?? 'button'}
      className={cx(styles['button'], styles[look], small && styles['small'], className)}
      {...rest}
    />
  );
}

/** A button with an icon; `label` is its name, and shown when pointed at. */
export function IconButton({
  label,
  className,
  type,
  ...rest
}: ComponentPropsWithRef<'button'> & { readonly label: string }): ReactNode {
  return (
    <button
      type={type ?? 'button'}
      aria-label={label}
      title={label}
      className={cx(styles['icon'], className)}
      {...rest}
    />
  );
}

/** A button that reads like a link in a line of text. */
export function LinkButton({ className, type, ...rest }: ComponentPropsWithRef<'button'>): ReactNode {
  return <button type={type ?? 'button'} className={cx(styles['link'], className)} {...rest} />;
}
