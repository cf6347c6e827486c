import type { AccountId } from '../../../shared/ids.ts';
import type { LaneContext } from '../../../shared/lane/lane.ts';

/** A context for flows of an account that is being added: no state, and commits fail the test. */
export function setupContext(
  environment: 'live' | 'test' = 'test',
): LaneContext & { readonly lines: string[] } {
  const lines: string[] = [];
  const never = (): never => {
    throw new Error('setup has nothing to do with it');
  };
  return {
    account: 'setup' as AccountId,
    environment,
    proxy: null,
    careful: false,
    view: { get: async () => null, scan: async () => [] },
    now: Date.now,
    commit: never,
    status: never,
    typing: never,
    credit: never,
    hasRoom: never,
    mark: never,
    files: { read: never, write: never },
    crashPoint: async () => undefined,
    log: (event, facts) => void lines.push(`${event} ${JSON.stringify(facts ?? {})}`),
    lines,
  };
}
