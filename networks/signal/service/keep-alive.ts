import type { ChatConnection } from '@signalapp/libsignal-client/dist/net/Chat.js';
import type { Channel } from '../guard.ts';
import { ask } from './ask.ts';

const OK = 200;

/** Asks for nothing, so that the connection is not taken for a dead one. False when it is one. */
export async function keepAlive(
  connection: Pick<ChatConnection, 'fetch'>,
  channel: Channel,
): Promise<boolean> {
  try {
    return (await ask(connection, channel, { verb: 'GET', path: '/v1/keepalive' })).status === OK;
  } catch {
    return false;
  }
}
