import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import type { Draft } from './draft.ts';
import type { Prepared } from './hand-over.ts';
import type { How } from './seal.ts';
import type { Wanted } from './sessions.ts';

/** What is to be done next with an item that is performed. */
export type Next =
  | { readonly do: 'seal'; readonly how: How }
  | { readonly do: 'start-sessions'; readonly of: ServiceId; readonly devices: Wanted; readonly how: How }
  | {
      readonly do: 'hand-over';
      readonly draft: Draft;
      readonly artifacts: readonly Stored[];
      /** Made while the sealing commit was on its way. */
      readonly ready?: Promise<Prepared>;
    }
  | { readonly do: 'end'; readonly as: Performed };

export const end = (as: Performed): Next => ({ do: 'end', as });
