/** A cell of a lane's durable state, e.g. `cert/<fingerprint>`, `join/<token>`, `session/ACI|uuid.2`. */
export type StateKey = { readonly space: string; readonly key: string };

/** A value with the version core gave it; a write names the version it was made from. */
export type StateCell = { readonly value: Uint8Array; readonly version: number };

/** Version of a cell that does not exist. */
export const ABSENT = 0;

/** Versions are below this: 50 bits, so that chance never gives a cell that was removed and made again the one it had. */
const MAX_VERSION = 2 ** 50;

/** Random numbers drawn ahead: a call costs more than what it gives. */
const drawn = new Uint32Array(256);
let used = drawn.length;
function draw(): number {
  if (used === drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  return drawn[used++] ?? 0;
}

/** A version no cell had before. */
export function freshVersion(): number {
  return (((draw() & 0x3_ffff) * 2 ** 32 + draw()) % MAX_VERSION) + 1;
}

/** Read access to an account's state in the database. */
export interface StateView {
  get(key: StateKey): Promise<StateCell | null>;
  /** Keys of a space that start with `prefix`, in key order. */
  scan(space: string, prefix: string): Promise<readonly (readonly [StateKey, StateCell])[]>;
}

/** One write of a commit. `expect` is the version that was read ({@link ABSENT} for none); another version now means conflict. */
export type StateWrite = {
  readonly key: StateKey;
  readonly value: Uint8Array | null;
  readonly expect: number;
  /**
   * The version it gets, random and not {@link ABSENT}, so that the lane knows it without asking: what is made next can be made
   * while this one is still on its way. Core chooses one where none is given.
   */
  readonly version?: number;
};

/** What engines read and write through; nothing is durable before the lane hands {@link Work.writes} to core in a commit. */
export interface Work {
  get(key: StateKey): Promise<Uint8Array | null>;
  scan(space: string, prefix: string): Promise<readonly (readonly [StateKey, Uint8Array])[]>;
  /** Takes a cell of a name that was just made to be absent, without asking. Where it is there all the same the commit is a conflict. */
  expectAbsent(key: StateKey): void;
  put(key: StateKey, value: Uint8Array | null): void;
  /** Marks a point to return to: `drop` forgets the writes since (one failed envelope), `keep` lets them stand. */
  savepoint(): { keep(): void; drop(): void };
  /** Every write so far, one per key, each with the version it was made from. */
  writes(): readonly StateWrite[];
}
