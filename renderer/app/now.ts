import { create } from 'zustand';
import type { Millis } from '../../shared/ids.ts';

const MINUTE_MS = 60_000;

/** The present minute, so that rows say "14:31" or "Wed" as it becomes true. */
export const useNow = create<{ readonly now: Millis }>(() => ({ now: Date.now() }));

/** Keeps the present minute present. */
export function startNow(): () => void {
  useNow.setState({ now: Date.now() });
  const timer = setInterval(() => useNow.setState({ now: Date.now() }), MINUTE_MS);
  return () => clearInterval(timer);
}
