import { create } from 'zustand';
import type { CallArgs, CallName, CallResults, Calls } from '../../shared/contract/calls.ts';
import type { EventName, Events } from '../../shared/contract/events.ts';
import { kindOf, PlainsealError } from '../../shared/errors.ts';
import type { Pipe, Undo } from '../../shared/wire/pipe.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';

/** Whether core answers. `lost`: its pipe ended and a new one is being asked for. */
export const useConnection = create<{ readonly state: 'connecting' | 'open' | 'lost' | 'refused' }>(() => ({
  state: 'connecting',
}));

type CoreLink = Link<Calls, Record<never, never>, Events>;

/** Waits between attempts to attach again, in ms; the last one repeats. */
const RETRY_AFTER_MS = [50, 250, 500, 1_000, 2_000, 5_000] as const;

let current: CoreLink | null = null;
const attached = new Set<() => void>();
const listeners = new Map<EventName, Set<(payload: never) => void>>();

/**
 * Attaches the page to core and keeps it attached: each time the pipe ends a new one is opened and `ready` runs again.
 * `openPipe` rejects with `refused` when the shell will give this page no pipe any more (another page took its place).
 */
export function attach(openPipe: () => Promise<Pipe>, ready: () => Promise<void>): Undo {
  let stopped = false;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function again(): void {
    if (stopped) return;
    useConnection.setState({ state: 'lost' });
    const wait = RETRY_AFTER_MS[Math.min(attempt, RETRY_AFTER_MS.length - 1)];
    attempt += 1;
    timer = setTimeout(() => void connect(), wait);
  }

  async function connect(): Promise<void> {
    let made: CoreLink | null = null;
    try {
      const pipe = await openPipe();
      if (stopped) return pipe.close();
      made = link<Record<never, never>, Calls, Record<never, never>, Events>({ pipe, serve: {} });
      for (const [name, set] of listeners)
        made.listen(name, (payload) => {
          for (const hear of set) hear(payload as never);
        });
      made.ended(() => {
        if (current !== made) return;
        current = null;
        again();
      });
      current = made;
      await ready();
      attempt = 0;
      useConnection.setState({ state: 'open' });
      const waiting = [...attached];
      attached.clear();
      for (const tell of waiting) tell();
    } catch (error) {
      if (kindOf(error) === 'refused') {
        useConnection.setState({ state: 'refused' });
        return;
      }
      // The end of the pipe has its own way back (above); anything else that fails here starts over.
      if (made !== null && current === made) {
        current = null;
        made.close();
        again();
      } else if (made === null) again();
    }
  }

  void connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    const open = current;
    current = null;
    open?.close();
    useConnection.setState({ state: 'connecting' });
  };
}

/**
 * Asks core once.
 * @throws PlainsealError with core's kind, `gone` when the pipe ended or is not there.
 */
export async function call<K extends CallName>(
  name: K,
  args: CallArgs<K>,
  signal?: AbortSignal,
): Promise<CallResults[K]> {
  if (!current) throw new PlainsealError('gone', 'core is not attached');
  // The two types say the same of one name; the compiler cannot see through both mapped types at once.
  return (await current.call(name, args as never, signal)) as unknown as CallResults[K];
}

/**
 * Asks core until it answers: after the pipe ended the same arguments go out again once the page is attached. Only for
 * calls whose arguments carry a request id, so that the second asking does nothing a second time.
 */
export async function insist<K extends CallName>(
  name: K,
  args: CallArgs<K> & { readonly request: string },
): Promise<CallResults[K]> {
  for (;;) {
    try {
      return await call(name, args);
    } catch (error) {
      if (kindOf(error) !== 'gone') throw error;
      await new Promise<void>((resolve) => attached.add(resolve));
    }
  }
}

/** Hears an event of core, over every pipe there will be. Register before {@link attach}. */
export function listen<K extends EventName>(name: K, hear: (payload: Events[K]) => void): Undo {
  const set = listeners.get(name) ?? new Set();
  listeners.set(name, set);
  const entry = hear as (payload: never) => void;
  set.add(entry);
  return () => void set.delete(entry);
}

/** A fresh request id for one act of the person. */
export function newRequest(): string {
  return crypto.randomUUID();
}
