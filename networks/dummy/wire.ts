import { createServer, connect as connectTcp, type Server, type Socket } from 'node:net';
import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';

/** Largest line, in UTF-16 units. */
const MAX_LINE = 1024 * 1024;

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const mailSchema = v.strictObject({
  op: v.literal('mail'),
  id: word,
  from: word,
  key: word,
  sentAt: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  text: v.pipe(v.string(), v.maxLength(64_000)),
});
/** Everything that is said on the test network, in both directions: one JSON object a line. */
const lineSchema = v.variant('op', [
  v.strictObject({ op: v.literal('hello'), address: word }),
  v.strictObject({ op: v.literal('send'), to: word, mail: mailSchema }),
  v.strictObject({ op: v.literal('accepted'), key: word }),
  mailSchema,
  v.strictObject({ op: v.literal('ack'), id: word }),
]);
export type Line = v.InferOutput<typeof lineSchema>;
export type Mail = v.InferOutput<typeof mailSchema>;

/** A line as bytes, and back; null for what is no line of this network. */
export const encodeLine = (line: Line): Uint8Array => new TextEncoder().encode(`${JSON.stringify(line)}\n`);
export function decodeLine(text: string): Line | null {
  try {
    const read = v.safeParse(lineSchema, JSON.parse(text));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}

/** Calls `hear` for each line of a socket; ends the socket on anything else. */
export function readLines(socket: Socket, hear: (line: Line) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE) return void socket.destroy();
    for (const part of parts) {
      const line = part.length <= MAX_LINE ? decodeLine(part) : null;
      if (line === null) return void socket.destroy();
      hear(line);
    }
  });
}

/** Connects to the server on this machine. @throws PlainsealError `offline` */
export function connectServer(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => reject(new PlainsealError('offline', 'the test server does not answer')));
  });
}

/** The test network's server: keeps mail per address until it is acknowledged. In memory, on loopback. */
export interface DummyServer {
  readonly port: number;
  /** Puts a mail into somebody's box, as if another had sent it. */
  deliver(to: string, mail: Omit<Mail, 'op'>): void;
  /** Ids waiting in a box. */
  waiting(address: string): readonly string[];
  /** Resolves once a mail to an address with that text has been taken. */
  taken(text: string): Promise<Mail>;
  close(): Promise<void>;
}

/** Starts the server at a random port. */
export function startDummyServer(): Promise<DummyServer> {
  const boxes = new Map<string, Map<string, Mail>>();
  const online = new Map<string, Socket>();
  const sockets = new Set<Socket>();
  const seen: Mail[] = [];
  const watching = new Set<() => void>();
  const box = (address: string): Map<string, Mail> => {
    const known = boxes.get(address) ?? new Map<string, Mail>();
    boxes.set(address, known);
    return known;
  };

  function put(to: string, mail: Mail): void {
    const twice = [...box(to).values()].some((one) => one.key === mail.key);
    if (!twice) box(to).set(mail.id, mail);
    if (!twice) online.get(to)?.write(encodeLine(mail));
  }

  const server: Server = createServer((socket) => {
    let self = '';
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (online.get(self) === socket) online.delete(self);
    });
    readLines(socket, (line) => {
      if (line.op === 'hello') {
        self = line.address;
        online.set(self, socket);
        for (const mail of box(self).values()) socket.write(encodeLine(mail));
      } else if (line.op === 'send') {
        seen.push(line.mail);
        put(line.to, line.mail);
        socket.write(encodeLine({ op: 'accepted', key: line.mail.key }));
        for (const look of watching) look();
      } else if (line.op === 'ack') box(self).delete(line.id);
      else socket.destroy();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        deliver: (to, mail) => put(to, { op: 'mail', ...mail }),
        waiting: (to) => [...box(to).keys()],
        taken: (text) =>
          new Promise((found) => {
            const look = (): void => {
              const mail = seen.find((one) => one.text === text);
              if (!mail) return;
              watching.delete(look);
              found(mail);
            };
            watching.add(look);
            look();
          }),
        close: () =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => closed());
          }),
      });
    });
  });
}
