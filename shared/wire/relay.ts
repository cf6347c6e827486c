import type { Pipe } from './pipe.ts';

/** Joins two pipes into one without reading what they carry; the end of either is the end of both. */
export function relay(left: Pipe, right: Pipe): void {
  left.listen((bytes) => right.send(bytes));
  right.listen((bytes) => left.send(bytes));
  left.ended(() => right.close());
  right.ended(() => left.close());
}
