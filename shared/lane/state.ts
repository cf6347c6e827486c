/** A cell of a lane's durable state, e.g. `cert/<fingerprint>`, `join/<token>`, `session/ACI|uuid.2`. */
export type StateKey = { readonly space: string; readonly key: string };

/** A value with the version core gave it; a write names the version it was made from. */
export type StateCell = { readonly value: Uint8Array; readonly version: number };

/** Version of a cell that does not exist. */
export const ABSENT = 0;

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
};

/** What engines read and write through; nothing is durable before the lane hands {@link Work.writes} to core in a commit. */
export interface Work {
  get(key: StateKey): Promise<Uint8Array | null>;
  scan(space: string, prefix: string): Promise<readonly (readonly [StateKey, Uint8Array])[]>;
  put(key: StateKey, value: Uint8Array | null): void;
  /** Marks a point to return to: `drop` forgets the writes since (one failed envelope), `keep` lets them stand. */
  savepoint(): { keep(): void; drop(): void };
  /** Every write so far, one per key, each with the version it was made from. */
  writes(): readonly StateWrite[];
}
