/** Every error that crosses a process boundary has one of these kinds; the words for each are in shared/words. */
export const errorKinds = [
  'bad-request', // an argument did not have the agreed shape
  'not-found',
  'refused', // the person said no in the shell's window, or the rules forbid it
  'conflict', // somebody else changed it first
  'cancelled',
  'gone', // the other end of the pipe has ended
  'offline',
  'too-large',
  'disk-full',
  'read-only',
  'io',
  'wrong-key', // the database key does not open this profile
  'corrupt',
  'newer-schema', // written by a newer Plainseal
  'in-use', // another process holds this profile
  'not-a-profile',
  'internal',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** An error with a closed kind. `message` is for the log of a developer and never holds message content, names or keys. */
export class PlainsealError extends Error {
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlainsealError';
    this.kind = kind;
  }
}

/** The kind of whatever was thrown; what is not ours is `internal`. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof PlainsealError ? error.kind : 'internal';
}
