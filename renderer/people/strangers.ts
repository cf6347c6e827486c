import type { NetworkId } from '../../shared/ids.ts';
import { say } from '../words.ts';

/** What became of messages that were not kept: mail stays where it is, others give a message once. */
export const whereNotKept = (network: NetworkId): string =>
  network === 'email' ? say('strangers.in-mailbox') : say('strangers.gone');
