import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from '../../storage/database.ts';
import { readWal, type Wal } from './wal-file.ts';

/** Something that was acknowledged, and how long the log was just before. */
export interface Acknowledged {
  /** `taken`: the page was answered. `received`: the cursor moved past their mail. `sealed`: my mail was about to be handed over. */
  readonly kind: 'taken' | 'received' | 'sealed';
  readonly text: string;
  readonly generation: number;
  readonly frames: number;
}

/** One generation of the log: the database as it was when it began, and its longest known log. */
export interface Generation {
  readonly base: string;
  wal: Wal;
}

/** Notes acknowledgements together with the log they stand in. */
export interface Recording {
  readonly acknowledged: readonly Acknowledged[];
  readonly generations: readonly Generation[];
  note(kind: Acknowledged['kind'], text: string): void;
  /** Takes a last look at the log. */
  end(): void;
}

/** Starts recording the log of a profile; copies go into `folder`. */
export function startRecording(profile: string, folder: string): Recording {
  const path = join(profile, DATABASE_FILE);
  const acknowledged: Acknowledged[] = [];
  const generations: Generation[] = [];

  /** Reads the log. A new generation begins when all of the one before is in the database, which then stays as it is for a while. */
  function look(): { readonly generation: number; readonly frames: number } {
    const wal = readWal(`${path}-wal`);
    let newest = generations.at(-1);
    if (newest?.wal.generation !== wal.generation) {
      const base = join(folder, `base-${generations.length}.db`);
      copyFileSync(path, base);
      newest = { base, wal };
      generations.push(newest);
    }
    newest.wal = wal;
    return { generation: generations.length - 1, frames: wal.frames };
  }
  look();

  return {
    acknowledged,
    generations,
    note: (kind, text) => void acknowledged.push({ kind, text, ...look() }),
    end: () => void look(),
  };
}
