import type { CrashPoint } from '../../shared/lane/lane.ts';

/** Under which name a lane's thread finds its fate in its environment data. */
export const FATE = 'plainseal-fate';

/** How a run of a lane's thread ends; null lives on. */
export type Fate = {
  readonly how: 'heap' | 'error';
  /** At the first time it passes this point. */
  readonly at?: CrashPoint;
  /** Whenever it is about to keep a message with this text, or to send one. */
  readonly poison?: string;
} | null;
