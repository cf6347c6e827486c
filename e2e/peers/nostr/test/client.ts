import { once } from 'node:events';
import { WebSocket } from 'ws';
import { finalizeEvent, generateSecretKey } from 'nostr-tools/pure';
import type { Event } from '../event.ts';

/** A frame of the relay, e.g. `['OK', id, true, '']`. */
export type Frame = readonly unknown[];

/** A bare client: frames in, frames out. */
export interface Client {
  send(frame: Frame): void;
  sendText(text: string): void;
  /** The next frame of this verb, at once when it has come already; each is given once. */
  next(verb: string): Promise<Frame>;
  /** Frames not taken by `next`, as they came. */
  pending(): readonly Frame[];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  close(): void;
}

/** Opens a connection; throws when the handshake fails. `ca`: PEM, for wss. */
export async function connect(url: string, ca?: string): Promise<Client> {
  const socket = new WebSocket(url, ca === undefined ? {} : { ca });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString('utf8')) as Frame);
    for (const look of waiting) look();
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendText: (text) => socket.send(text),
    next: (verb) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const at = frames.findIndex(([first]) => first === verb);
          if (at < 0) return;
          waiting.delete(look);
          resolve(frames.splice(at, 1)[0] as Frame);
        };
        waiting.add(look);
        void closed.then(() => reject(new Error(`closed before ${verb}`)));
        look();
      }),
    pending: () => [...frames],
    closed,
    close: () => socket.close(),
  };
}

export interface Writer {
  readonly secret: Uint8Array;
  event(kind: number, content: string, tags?: string[][], created_at?: number): Event;
}

/** A fresh account that signs. */
export function createWriter(): Writer {
  const secret = generateSecretKey();
  return {
    secret,
    event: (kind, content, tags = [], created_at = Math.floor(Date.now() / 1000)) => {
      const { id, pubkey, sig } = finalizeEvent({ kind, content, tags, created_at }, secret);
      return { id, pubkey, created_at, kind, tags, content, sig };
    },
  };
}
