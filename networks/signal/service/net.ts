import { Net } from '@signalapp/libsignal-client';
import { PlainsealError } from '../../../shared/errors.ts';
import type { SignalEnvironment } from '../environment.ts';
import { userAgent } from './user-agent.ts';

// The typed calls of this version go over gRPC unless told otherwise; whatever goes over the socket stays there, so that one
// guard sees all of it.
const OVER_THE_SOCKET = new Map([
  ['grpc.MessagesSendMessage', 'ws'],
  ['grpc.MessagesAnonymousSendSingleRecipientMessage', 'ws'],
] as const);

/**
 * libsignal's network of one environment, with its pinned certificates.
 * @throws PlainsealError `refused` for a proxy: files would not go over it, and half a proxy hides nothing.
 */
export function createNet(environment: SignalEnvironment, proxy: string | null): Net.Net {
  if (proxy !== null) throw new PlainsealError('refused', 'this network goes over no proxy yet');
  const net = new Net.Net(
    environment.kind === 'local'
      ? {
          localTestServer: true,
          userAgent,
          TESTING_localServer_chatPort: environment.port,
          TESTING_localServer_cdsiPort: environment.port,
          TESTING_localServer_svr2Port: environment.port,
          TESTING_localServer_svrBPort: environment.port,
          TESTING_localServer_rootCertificateDer: new Uint8Array(environment.rootCertificate),
          // The mock speaks WebSocket over HTTP/2 only.
          TESTING_localServer_httpVersion: 2,
        }
      : {
          env: environment.kind === 'live' ? Net.Environment.Production : Net.Environment.Staging,
          userAgent,
        },
  );
  net.setRemoteConfig(OVER_THE_SOCKET, Net.BuildVariant.Production);
  return net;
}
