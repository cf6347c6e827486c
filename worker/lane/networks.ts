import { PlainsealError } from '../../shared/errors.ts';
import type { NetworkId } from '../../shared/ids.ts';
import type { CreateLane } from '../../shared/lane/lane.ts';

/** Loads the code of one network. */
export type LoadLane = (network: NetworkId) => Promise<CreateLane>;

/**
 * The closed table of networks that have a lane. Literal imports, so that a bundler sees them and nothing that came over
 * a pipe ever names a file.
 * @throws PlainsealError `not-found` for a network without a lane.
 */
export const loadLane: LoadLane = async (network) => {
  switch (network) {
    case 'email':
      return (await import('../../networks/email/lane.ts')).createLane;
    case 'signal':
      return (await import('../../networks/signal/lane.ts')).createLane;
    case 'nostr':
      return (await import('../../networks/nostr/lane.ts')).createLane;
    case 'dummy':
      return (await import('../../networks/dummy/lane.ts')).createLane;
    default:
      throw new PlainsealError('not-found', 'this network has no lane yet');
  }
};
