import type { ReactNode } from 'react';
import type { Label } from '../../shared/label/label.ts';
import type { About } from '../../shared/words/label.ts';
import { cx } from '../ui/classes.ts';
import { words } from '../words.ts';
import { Glyph, type GlyphKind } from './glyph.tsx';
import styles from './line.module.css';
import { Stated } from './stated.tsx';

/** A label's words with their glyph, on the surface of their state: words, then weight, then surface. */
export function LabelWords({
  kind,
  children,
}: {
  readonly kind: GlyphKind;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span className={cx(styles['who'], styles[kind])}>
      <Glyph kind={kind} />
      {children}
    </span>
  );
}

/** Who can read it, short, without the network: for rows and messages. Stopped comes first. */
export function ShortLabel({ label, about }: { readonly label: Label; readonly about: About }): ReactNode {
  const stopped = words.stoppedShort(label, about);
  return (
    <LabelWords kind={stopped === null ? label.readers.kind : 'stopped'}>
      <Stated text={stopped ?? words.readersShort(label, about)} name={about.name} />
    </LabelWords>
  );
}

/** The label of a row of the list: never cut short, the row grows instead. */
export function RowLabel({ label, about }: { readonly label: Label; readonly about: About }): ReactNode {
  return (
    <span className={styles['line']} data-testid="row-label">
      <ShortLabel label={label} about={about} />
      <span className={styles['gap']}> </span>
      <span className={cx(styles['network'], styles['whole'])}>
        <span className={styles['dot']}>· </span>
        {shortRoute(label)}
      </span>
    </span>
  );
}

/** `E-mail, OpenPGP`: the row's form of network and protocol. */
export function shortRoute(label: Label): string {
  return words.routeName(label).replaceAll(' · ', ', ');
}
