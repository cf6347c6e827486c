import type { Server } from '@signalapp/mock-server';

/** What waits for a device, in the order it came. */
type Waiting = { readonly message: Buffer<ArrayBuffer>; readonly taken: () => void };
type Socket = { sendMessage(message: Buffer<ArrayBuffer> | 'empty'): Promise<void> };

/**
 * Lets the mock keep what it has for a device until the device has acknowledged it, in order, as a real server does. The mock by itself
 * forgets what it handed to a connection that was cut before the answer, if it had waited for that connection.
 */
export function keepUntilTaken(server: Server): void {
  const inside = server as unknown as {
    readonly webSockets: ReadonlyMap<object, Socket>;
    send(target: object, message: Buffer<ArrayBuffer>): Promise<void>;
    sendQueue(device: object, socket: Socket): Promise<void>;
  };
  const queues = new WeakMap<object, Set<Waiting>>();

  async function hand(queue: Set<Waiting>, one: Waiting, socket: Socket): Promise<void> {
    await socket.sendMessage(one.message);
    if (queue.delete(one)) one.taken();
  }

  inside.send = (target, message) =>
    new Promise((resolve) => {
      const queue = queues.get(target) ?? new Set();
      queues.set(target, queue);
      const one = { message, taken: resolve };
      queue.add(one);
      const socket = inside.webSockets.get(target);
      // A connection that goes meanwhile has taken nothing: the next one gets it.
      if (socket) void hand(queue, one, socket).catch(() => undefined);
    });
  inside.sendQueue = async (device, socket) => {
    const queue = queues.get(device) ?? new Set();
    const handing = [...queue].map((one) => hand(queue, one, socket));
    await Promise.allSettled([...handing, socket.sendMessage('empty')]);
  };
}
