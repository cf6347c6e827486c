import type { Net } from '@signalapp/libsignal-client';
import * as Native from '@signalapp/libsignal-client/dist/Native.js';
import {
  AuthenticatedChatConnection,
  UnauthenticatedChatConnection,
  type ChatConnection,
  type ChatServiceListener,
  type ConnectionEventsListener,
} from '@signalapp/libsignal-client/dist/net/Chat.js';
import type { FakeChatRemote } from '@signalapp/libsignal-client/dist/net/FakeChat.js';
import { TokioAsyncContext } from '@signalapp/libsignal-client/dist/net.js';

/** A request as it came over libsignal's connection. */
export type Asked = {
  readonly channel: 'account' | 'anonymous';
  readonly verb: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};
export type FakeAnswer = {
  readonly status: number;
  readonly body?: string;
  readonly headers?: readonly string[];
};

/** The far end of one connection. */
export interface FarEnd {
  /** Hands over an envelope. libsignal's fake cannot take an acknowledgement: those are for the mock server. */
  deliver(envelope: Uint8Array): void;
  queueEmpty(): void;
  cut(): void;
}

/** For tests: libsignal's own connections, with a script in the server's place. It can say what no mock does. */
export interface FakeNet {
  readonly net: Pick<Net.Net, 'connectAuthenticatedChat' | 'connectUnauthenticatedChat'>;
  readonly asked: readonly Asked[];
  /** Connections made so far, in order. */
  readonly made: readonly ('account' | 'anonymous')[];
  readonly far: { readonly account: FarEnd; readonly anonymous: FarEnd };
}

/** `answer`: null leaves a request without one. */
export function createFakeNet(
  answer: (asked: Asked) => FakeAnswer | null | Promise<FakeAnswer | null>,
): FakeNet {
  const context = new TokioAsyncContext(Native.TokioAsyncContext_new());
  const asked: Asked[] = [];
  const made: ('account' | 'anonymous')[] = [];
  const ends = new Map<string, FarEnd>();

  function run<C extends ChatConnection>(
    channel: Asked['channel'],
    connection: C,
    remote: FakeChatRemote,
  ): C {
    let lastId = 0;
    let over = false;
    made.push(channel);
    async function serve(): Promise<void> {
      const request = await remote.assertReceiveIncomingRequest();
      const one = {
        channel,
        verb: request.verb,
        path: request.path,
        headers: request.headers,
        body: Buffer.from(request.body).toString(),
      };
      asked.push(one);
      const given = await answer(one);
      if (given === null || over) return;
      remote.sendReplyTo(request, {
        status: given.status,
        message: '',
        headers: [...(given.headers ?? [])],
        body: Uint8Array.from(Buffer.from(given.body ?? '')),
      });
    }
    // The far end must be listened at only when something comes: libsignal's fake panics otherwise.
    const fetch = connection.fetch.bind(connection);
    connection.fetch = (request) => {
      const reply = fetch(request);
      void serve().catch(() => undefined);
      return reply;
    };
    const disconnect = connection.disconnect.bind(connection);
    connection.disconnect = () => {
      over = true;
      return disconnect();
    };
    const push = (path: string, body: Uint8Array): void => {
      lastId += 1;
      remote.sendRawServerRequest(frame(path, body, lastId));
    };
    ends.set(channel, {
      deliver: (envelope) => push('/api/v1/message', envelope),
      queueEmpty: () => push('/api/v1/queue/empty', new Uint8Array(0)),
      cut: () => {
        over = true;
        remote.injectConnectionInterrupted();
      },
    });
    return connection;
  }

  const farEnd = (channel: Asked['channel']): FarEnd => {
    const end = ends.get(channel);
    if (!end) throw new Error(`no ${channel} connection`);
    return end;
  };
  return {
    asked,
    made,
    far: {
      get account() {
        return farEnd('account');
      },
      get anonymous() {
        return farEnd('anonymous');
      },
    },
    net: {
      connectAuthenticatedChat: async (_name, _password, _stories, listener: ChatServiceListener) => {
        const [connection, remote] = AuthenticatedChatConnection.fakeConnect(context, listener);
        return run('account', connection, remote);
      },
      connectUnauthenticatedChat: async (listener: ConnectionEventsListener) => {
        const [connection, remote] = UnauthenticatedChatConnection.fakeConnect(context, {
          ...listener,
          onIncomingMessage: () => undefined,
          onQueueEmpty: () => undefined,
        });
        return run('anonymous', connection, remote);
      },
    },
  };
}

/** A server's request as it lies in a frame: verb 1, path 2, body 3, id 4, headers 5. */
function frame(path: string, body: Uint8Array, id: number): Uint8Array<ArrayBuffer> {
  const varint = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
  const field = (number: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
  return Uint8Array.from(
    Buffer.concat([
      field(1, Buffer.from('PUT')),
      field(2, Buffer.from(path)),
      field(3, body),
      Buffer.from([4 * 8, ...varint(id)]),
      field(5, Buffer.from('X-Signal-Timestamp: 1000')),
    ]),
  );
}
