import type { RelayFrame } from './frame.ts';

/** Work waiting beyond this stops reading from the socket: a relay may send faster than signatures can be checked. */
const MAX_FRAMES = 256;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** What a queue drives. */
export interface QueueContext {
  work(frame: RelayFrame): Promise<void>;
  /** Something in `work` threw; the next frame goes on. */
  fault(error: unknown): void;
  pause(): void;
  resume(): void;
  stopped(): boolean;
}

/** Frames worked off one after the other, in order; gives the function that puts one in. `characters`: its size. */
export function createQueue(context: QueueContext): (frame: RelayFrame, characters: number) => void {
  const queue: { readonly frame: RelayFrame; readonly characters: number }[] = [];
  let waiting = 0;
  let paused = false;
  let working = false;

  const workOff = async (): Promise<void> => {
    working = true;
    for (let next = queue.shift(); next !== undefined && !context.stopped(); next = queue.shift()) {
      try {
        await context.work(next.frame);
      } catch (error) {
        context.fault(error);
      }
      waiting -= next.characters;
      if (paused && queue.length < MAX_FRAMES / 4 && waiting < MAX_CHARACTERS / 4) {
        paused = false;
        context.resume();
      }
    }
    working = false;
  };

  return (frame, characters) => {
    queue.push({ frame, characters });
    waiting += characters;
    if (!paused && (queue.length > MAX_FRAMES || waiting > MAX_CHARACTERS)) {
      paused = true;
      context.pause();
    }
    if (!working) void workOff();
  };
}
