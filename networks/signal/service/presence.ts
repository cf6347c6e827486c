import type { Net } from '@signalapp/libsignal-client';
import { accessKeyOf } from '../../../crypto/signal/access-key.ts';
import type { Device } from '../../../crypto/signal/address.ts';
import { ask } from './ask.ts';

const NOT_FOUND = 404;

/**
 * Whether the server says that a device of mine is none any more. Asked when connections end at once without a reason: not every
 * server says then that the password is no longer good. Anything but a plain no means that it is still there.
 */
export async function deviceIsGone(
  net: Pick<Net.Net, 'connectUnauthenticatedChat'>,
  { service, device }: Device,
  profileKey: Uint8Array,
): Promise<boolean> {
  try {
    const connection = await net.connectUnauthenticatedChat({ onConnectionInterrupted: () => undefined });
    try {
      const accessKey = Buffer.from(accessKeyOf(profileKey)).toString('base64');
      const { status } = await ask(connection, 'anonymous', {
        verb: 'GET',
        path: `/v2/keys/${service}/${device}`,
        headers: [['unidentified-access-key', accessKey]],
      });
      return status === NOT_FOUND;
    } finally {
      void connection.disconnect().catch(() => undefined);
    }
  } catch {
    return false;
  }
}
