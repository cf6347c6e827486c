import type { ReactNode } from 'react';
import type { Sight } from '../../shared/label/network-facts.ts';

/** A disc as full as what is seen; it never stands without its word. */
export function SightMark({ sight }: { readonly sight: Sight }): ReactNode {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
      {sight === 'absent' ? (
        <path d="M6 10h8" />
      ) : sight === 'unknown' ? (
        <circle cx="10" cy="10" r="6" strokeDasharray="2.5 2.2" />
      ) : (
        <circle cx="10" cy="10" r="6" fill={sight === 'yes' ? 'currentColor' : 'none'} />
      )}
      {sight === 'part' ? <path d="M10 4a6 6 0 0 1 0 12Z" fill="currentColor" stroke="none" /> : null}
    </svg>
  );
}
