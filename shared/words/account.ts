import { assertNever } from '../assert.ts';
import type { NetworkId, ProtocolId } from '../ids.ts';
import type { LaneStatus } from '../lane/lane.ts';
import type { Say } from './say.ts';
import type { timeWords } from './time.ts';

/** Names of networks and protocols, and what an account is doing. */
export function accountWords(say: Say, time: ReturnType<typeof timeWords>) {
  const networkName = (network: NetworkId): string => say(`network.${network}`);
  const protocolName = (protocol: ProtocolId): string => say(`protocol.${protocol}`);

  /** `Connected`, `Catching up, 3 messages left`, `The server refused the password.` */
  function statusSentence(status: LaneStatus): string {
    switch (status.kind) {
      case 'connecting':
        return say('account.connecting');
      case 'offline':
        return status.why === 'captive-portal'
          ? say('account.captive-portal')
          : say('account.offline', { time: time.clock(status.retryAt) });
      case 'catching-up':
        return status.left === null
          ? say('account.catching-up')
          : say('account.catching-up.left', { count: status.left });
      case 'online':
        return say(status.lacks === 'number' ? 'account.online.lacks-number' : 'account.online');
      case 'needs-person':
        return say(`account.needs.${status.why}`);
      case 'crashed':
        return say('account.crashed', { time: time.clock(status.retryAt) });
      case 'stopped':
        return say('account.stopped');
      default:
        return assertNever(status);
    }
  }

  return { networkName, protocolName, statusSentence };
}
