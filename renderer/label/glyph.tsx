import type { ReactNode } from 'react';
import { assertNever } from '../../shared/assert.ts';
import type { Readers } from '../../shared/label/label.ts';
import styles from './glyph.module.css';

export type GlyphKind = Readers['kind'] | 'stopped' | 'test' | 'checked' | 'unchecked' | 'changed';

/** A silhouette of its own for each state; never without its words, so it is hidden from assistive technology. */
export function Glyph({ kind }: { readonly kind: GlyphKind }): ReactNode {
  return (
    <svg className={styles['glyph']} viewBox="0 0 20 20" aria-hidden="true">
      {shape(kind)}
    </svg>
  );
}

function shape(kind: GlyphKind): ReactNode {
  switch (kind) {
    case 'members':
      return (
        <>
          <circle cx="10" cy="10" r="7" />
          <circle cx="10" cy="10" r="2.6" className={styles['solid']} />
        </>
      );
    case 'members-limited':
      return (
        <>
          <path d="M10 3a7 7 0 1 0 7 7" />
          <circle cx="10" cy="10" r="2.6" className={styles['solid']} />
        </>
      );
    case 'provider':
      return (
        <>
          <path d="M1.8 10C3.6 6.7 6.5 5 10 5s6.400 1.700 8.200 5c-1.800 3.300-4.700 5-8.200 5s-6.400-1.700-8.200-5Z" />
          <circle cx="10" cy="10" r="2.3" />
        </>
      );
    case 'unknown':
      return (
        <>
          <path d="M7.4 7.600a2.700 2.700 0 1 1 3.900 2.500c-.9.5-1.300 1-1.300 2" />
          <circle cx="10" cy="14.8" r="1" className={styles['solid']} />
        </>
      );
    case 'stopped':
      return (
        <>
          <rect x="3" y="3" width="14" height="14" rx="3" />
          <path d="M6.500 10h7" strokeWidth="2.4" />
        </>
      );
    case 'test':
      return (
        <path d="M8 3h4M8.700 3v5L4.600 15a1.400 1.400 0 0 0 1.200 2h8.400a1.400 1.400 0 0 0 1.200-2l-4.100-7V3M6.500 12.500h7" />
      );
    case 'checked':
      return <path d="m4 10.500 4 4 8-9" />;
    case 'unchecked':
      return <circle cx="10" cy="10" r="6.5" strokeDasharray="2.6 2.5" />;
    case 'changed':
      return <path d="M4 7.500h12M4 12.500h12M13.500 3.500l-7 13" />;
    default:
      return assertNever(kind);
  }
}
