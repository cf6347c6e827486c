import type { Millis } from '../../shared/ids.ts';

export interface Backoff {
  readonly firstMs: Millis;
  readonly mostMs: Millis;
}

/** How long to wait after the `times`-th failure in a row (from 1): doubling, between half and the whole of it by chance. */
export function waitAfter(backoff: Backoff, times: number, random: () => number): Millis {
  const whole = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(30, Math.max(0, times - 1)));
  return Math.round(whole * (0.5 + random() / 2));
}
