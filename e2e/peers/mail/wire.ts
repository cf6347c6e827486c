import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Connection, Direction } from './connection.ts';
import type { Faults } from './faults.ts';

/** The plaintext side of one TLS connection, with the armed faults applied to what passes. */
export interface Wire extends Duplex {
  readonly connection: Connection;
  /** Closes the connection at once; nothing more is read or written. */
  cut(): void;
  /** Lets the next write reach the client, then closes. */
  cutAfterWrite(): void;
}

/**
 * Puts a wire around an accepted TLS socket. `received` sees every byte the client sent, before any fault.
 * Besides a stream it has the few socket members that smtp-server looks at.
 */
export function openWire(
  socket: TLSSocket,
  connection: Connection,
  faults: Faults,
  received: (chunk: Buffer) => void,
): Wire {
  let lastWrite = false;
  // Bytes of one direction must stay in order, so a held chunk holds those behind it too.
  const queues: Record<Direction, Promise<void> | null> = { 'to-server': null, 'to-client': null };

  const pass = (direction: Direction, go: () => void): void => {
    const hold = faults.hold(connection, direction);
    const before = queues[direction];
    if (hold === null && before === null) {
      go();
      return;
    }
    const turn = Promise.all([before, hold]).then(() => {
      if (!wire.destroyed) go();
      if (queues[direction] === turn) queues[direction] = null;
    });
    queues[direction] = turn;
  };

  const forward = (chunk: Buffer, done: (error?: Error | null) => void): void => {
    const room = faults.room(connection, 'to-client', chunk.length);
    if (room !== null || lastWrite) {
      socket.write(room === null ? chunk : chunk.subarray(0, room), () => wire.destroy());
      done();
      return;
    }
    if (!socket.writable) done();
    // Waiting for the socket's own callback gives the writers of large answers their back-pressure.
    else socket.write(chunk, () => done());
  };

  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => pass('to-client', () => forward(chunk, done)),
    final: (done) => pass('to-client', () => socket.end(() => done())),
    destroy: (_error, done) => {
      socket.destroy();
      done(null);
    },
  });
  const wire: Wire = Object.defineProperties(
    Object.assign(stream, {
      connection,
      remoteAddress: '127.0.0.1',
      cut: () => void stream.destroy(),
      cutAfterWrite: () => {
        lastWrite = true;
      },
      setTimeout: () => stream,
      setNoDelay: () => stream,
    }),
    { readyState: { get: () => (stream.destroyed || !stream.writable ? 'closed' : 'open') } },
  );

  socket.on('data', (chunk: Buffer) => {
    received(chunk);
    pass('to-server', () => {
      const room = faults.room(connection, 'to-server', chunk.length);
      if (room !== null) {
        wire.push(chunk.subarray(0, room));
        setImmediate(() => wire.destroy());
        return;
      }
      if (!wire.push(chunk)) socket.pause();
    });
  });
  socket.on('end', () => pass('to-server', () => wire.push(null)));
  socket.on('error', () => wire.destroy());
  socket.on('close', () => wire.destroy());
  wire.on('error', () => undefined);
  return wire;
}
