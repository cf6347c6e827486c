import { Net } from '@signalapp/libsignal-client';
import type { SignalEnvironment } from '../environment.ts';
import { userAgent } from './user-agent.ts';

// The typed calls of this version go over gRPC unless told otherwise; whatever goes over the socket stays there, so that one
// guard sees all of it.
const OVER_THE_SOCKET = new Map([
  ['grpc.MessagesSendMessage', 'ws'],
  ['grpc.MessagesAnonymousSendSingleRecipientMessage', 'ws'],
] as const);

/** libsignal's network of one environment, with its pinned certificates. @throws Error for a proxy that is none. */
export function createNet(environment: SignalEnvironment, proxy: string | null): Net.Net {
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
  if (proxy !== null) net.setProxyFromUrl(proxy);
  return net;
}
