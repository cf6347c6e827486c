import type { NetworkId } from '../../shared/ids.ts';
import type { Stage } from './stage.ts';

/**
 * What the app makes of an attack. `held`: nothing is sent until the person has looked. `refused`: nothing of it is taken in. `marked`: it is
 * shown for what it is.
 */
export type Outcome = 'held' | 'refused' | 'marked';

/** One attack, made from the side of the peers alone: servers, relays, and other people's programs. */
export interface Attack {
  /** As its file. */
  readonly name: string;
  /** In the list of attacks that tests are titled by. */
  readonly number: `AT-${string}`;
  readonly network: Extract<NetworkId, 'email' | 'signal' | 'nostr'>;
  /** In plain words: who does what. */
  readonly does: string;
  readonly outcome: Outcome;
  /**
   * Attacks, and gives what the app said, in the app's own words; null where there was nothing to say, since nothing of it got through.
   * @throws Error when the app did otherwise than it must.
   */
  run(stage: Stage): Promise<string | null>;
}
