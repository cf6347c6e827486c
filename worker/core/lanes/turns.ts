import { PlainsealError } from '../../../shared/errors.ts';

/** Whose turn it is after a death: an envelope is opened or an item performed, never both, so that the next death is blamed on the right one. */
export interface Turns {
  /** Resolves once no item is being performed. An envelope's turn lasts until `settled`; the one after it needs not wait. */
  envelope(): Promise<void>;
  /** The envelope's outcome stands, or the lane has nothing left to open. */
  settled(): void;
  /** Runs `work` once no envelope is being opened. @throws PlainsealError `gone` when the lane dies first, and what `work` throws. */
  item<T>(work: () => Promise<T>): Promise<T>;
  /** The lane died: nothing is being touched, who waited waits no more. */
  clear(): void;
}

type Waiting = {
  readonly kind: 'envelope' | 'item';
  readonly begin: () => void;
  readonly end: (error: PlainsealError) => void;
};

/** Keeps the turns of one lane, first come first served. */
export function createTurns(): Turns {
  let turn: Waiting | null = null;
  let waiting: Waiting[] = [];

  function next(): void {
    turn = waiting.shift() ?? null;
    turn?.begin();
  }

  function take(kind: Waiting['kind']): Promise<Waiting> {
    return new Promise((resolve, reject) => {
      const mine: Waiting = { kind, begin: () => resolve(mine), end: reject };
      waiting.push(mine);
      if (!turn) next();
    });
  }

  return {
    async envelope() {
      if (turn?.kind !== 'envelope') await take('envelope');
    },
    settled: () => {
      if (turn?.kind === 'envelope') next();
    },
    async item(work) {
      const mine = await take('item');
      try {
        return await work();
      } finally {
        // After a death the turn is somebody else's.
        if (turn === mine) next();
      }
    },
    clear: () => {
      const late = waiting;
      waiting = [];
      turn = null;
      for (const one of late) one.end(new PlainsealError('gone', 'the lane died'));
    },
  };
}
