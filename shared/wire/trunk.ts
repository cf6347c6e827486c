import { pipeEnd, type PipeEnd } from './end.ts';
import type { Pipe } from './pipe.ts';

const OPEN = 0;
const DATA = 1;
const END = 2;
/** Kind (1 byte) and channel (4 bytes, big endian) before the payload. */
const HEADER_LENGTH = 5;
/** Pipes one trunk carries at once; more is a fault. */
const MAX_CHANNELS = 1_024;
/** Longest name of a channel, in bytes. */
const MAX_NAME = 1_024;

/** Many pipes over one, for where a runtime has no ports to hand over: a Node child. Either side may open; each pipe ends alone. */
export interface Trunk {
  /** Opens a pipe the other side is told of under `name`. */
  open(name: string): Pipe;
  /** Called for each pipe the other side opens. Those opened before anybody listens wait. */
  opened(hear: (name: string, pipe: Pipe) => void): void;
}

/**
 * Lays a trunk over a pipe. `side` differs at the two ends, so that both can number channels without asking.
 * Malformed frames and frames of closed channels are dropped: after one side ended a channel the other may still have sent.
 */
export function trunk(over: Pipe, side: 'parent' | 'child'): Trunk {
  const channels = new Map<number, PipeEnd>();
  const early: { readonly name: string; readonly pipe: Pipe }[] = [];
  let hearOpened: ((name: string, pipe: Pipe) => void) | null = null;
  let next = side === 'parent' ? 0 : 1;

  function send(kind: number, channel: number, payload: Uint8Array): void {
    const frame = new Uint8Array(HEADER_LENGTH + payload.byteLength);
    frame[0] = kind;
    new DataView(frame.buffer).setUint32(1, channel);
    frame.set(payload, HEADER_LENGTH);
    over.send(frame);
  }

  function add(channel: number): PipeEnd {
    const end = pipeEnd({
      send: (bytes) => send(DATA, channel, bytes),
      close: () => {
        channels.delete(channel);
        send(END, channel, new Uint8Array());
      },
    });
    channels.set(channel, end);
    return end;
  }

  over.listen((frame) => {
    if (frame.byteLength < HEADER_LENGTH) return;
    const kind = frame[0];
    const channel = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
    const payload = frame.subarray(HEADER_LENGTH);
    const known = channels.get(channel);
    if (kind === DATA) known?.arrived(payload);
    else if (kind === END) {
      channels.delete(channel);
      known?.gone();
    } else if (kind === OPEN && !known && payload.byteLength <= MAX_NAME && channels.size < MAX_CHANNELS) {
      // A channel the other side opens carries its parity, else the two numberings would meet.
      if (channel % 2 === (side === 'parent' ? 0 : 1)) return;
      const name = new TextDecoder().decode(payload);
      const { pipe } = add(channel);
      if (hearOpened) hearOpened(name, pipe);
      else early.push({ name, pipe });
    }
  });
  over.ended(() => {
    const all = [...channels.values()];
    channels.clear();
    for (const end of all) end.gone();
  });

  return {
    open(name) {
      const channel = next;
      next += 2;
      const { pipe } = add(channel);
      send(OPEN, channel, new TextEncoder().encode(name));
      return pipe;
    },
    opened(hear) {
      hearOpened = hear;
      for (const { name, pipe } of early.splice(0)) hear(name, pipe);
    },
  };
}
