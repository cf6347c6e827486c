import type { Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { Self } from './account-record.ts';
import type { Ledger } from './ledger.ts';
import type { Receiving } from './receiving.ts';
import type { LearnedKeys } from './signer.ts';

/** What reading the mailbox needs of the lane. */
export interface Reading {
  readonly context: LaneContext;
  readonly self: () => Promise<Self>;
  readonly settle: Receiving['settle'];
  readonly learned: LearnedKeys;
  readonly dropCaches: () => void;
}

/** What one mail is taken in with, on a unit of work and at a moment. */
export async function receivingOn(
  reading: Reading,
  work: Work,
  ledger: Ledger,
  now: Millis,
): Promise<Receiving> {
  const { context, settle, learned } = reading;
  const self = await reading.self();
  return {
    account: context.account,
    self,
    work,
    ledger,
    now,
    files: context.files,
    hasRoom: context.hasRoom,
    settle,
    learned,
  };
}
