import type { AccountId, ConversationId, FileId, Millis } from '../ids.ts';
import type { Commit, CommitResult } from './commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from './flow.ts';
import type { OutboxItem } from './intent.ts';
import type { KeyImport } from './key.ts';
import type { StateView } from './state.ts';

export type LaneStatus =
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'offline';
      readonly retryAt: Millis;
      /** Something else answers in the server's place: a sign-in page of this Wi-Fi, most often. */
      readonly why?: 'captive-portal';
    }
  | { readonly kind: 'catching-up'; readonly left: number | null }
  | {
      readonly kind: 'online';
      /** What does not come in all the same: what people send to the number, of which this device has no keys that fit (Signal). */
      readonly lacks?: 'number';
    }
  | {
      readonly kind: 'needs-person';
      readonly why:
        | 'unlinked'
        | 'expired'
        | 'password'
        | 'certificate'
        | 'captcha'
        | 'elsewhere'
        | 'clone-suspected'
        | 'disclosure';
    }
  | { readonly kind: 'crashed'; readonly times: number; readonly retryAt: Millis }
  | { readonly kind: 'stopped' };

export type FileMeta = { readonly name: string; readonly type: string; readonly size: number };

/** What core gives a lane to live in. */
export interface LaneContext {
  readonly account: AccountId;
  readonly environment: 'live' | 'test';
  readonly proxy: string | null;
  /** The previous run died: one envelope per commit, its marker first (see {@link LaneContext.mark}). */
  readonly careful: boolean;
  readonly view: StateView;
  now(): Millis;
  commit(commit: Commit): Promise<CommitResult>;
  status(status: LaneStatus): void;
  /** Not durable: the other side is writing, or has stopped. A conversation that core does not know is nobody's news. */
  typing(conversation: ConversationId, on: boolean): void;
  /** Back-pressure: resolves when core is ready for `bytes` more. */
  credit(bytes: number): Promise<void>;
  /**
   * Whether core keeps `bytes` more of whom a conversation is with. False only of people who were not accepted: then nothing of the
   * delivery is kept, and it is settled as `not-kept` (decision 20).
   */
  hasRoom(conversation: ConversationId, bytes: number): Promise<boolean>;
  /** Careful mode: writes the marker of the envelope about to be opened, or of the item about to be performed. `quarantine`: it has killed two runs already. */
  mark(envelope: string): Promise<'open' | 'quarantine'>;
  readonly files: {
    read(file: FileId): Promise<{ readonly meta: FileMeta; readonly bytes: Uint8Array }>;
    /** Stores bytes at rest; they live once a committed change names the file. */
    write(meta: Omit<FileMeta, 'size'>, bytes: Uint8Array): Promise<FileId>;
  };
  /** Named crash point of the test builds: the harness may end the process here. A no-op otherwise. */
  crashPoint(name: CrashPoint): Promise<void>;
  /** For the developer's log: codes and numbers only, never content, addresses or keys. */
  log(event: string, facts?: Readonly<Record<string, string | number | boolean>>): void;
}

export const crashPoints = [
  'lane.before-commit',
  'lane.after-commit',
  'lane.before-wire-write',
  'lane.after-wire-write',
  'lane.before-acknowledge',
  'lane.after-acknowledge',
  'core.before-commit',
  'core.after-commit',
  'core.before-intent',
  'core.after-intent',
  'file.before-rename',
  'file.after-rename',
] as const;
/** Where the crash harness can end the program; each is a moment between two durable facts. */
export type CrashPoint = (typeof crashPoints)[number];

export type Hint = { readonly kind: 'typing'; readonly conversation: ConversationId; readonly on: boolean };

/** A key as it is kept outside: a proposed file name and its bytes. */
export type KeyFile = { readonly name: string; readonly bytes: Uint8Array };

/** One account on one network; runs in a thread or a process of its own and dies alone. */
export interface Lane {
  /** Connects and keeps connected until `stop`; returns once its state is loaded, not once it is online. */
  start(context: LaneContext): Promise<void>;
  stop(): Promise<void>;
  /** Seals, commits, passes the guard, transmits, commits the outcome. May be called again for the same item after a crash: a sealed item's stored bytes are resent. */
  perform(item: OutboxItem, signal: AbortSignal): Promise<Performed>;
  /** Not durable: typing. Still guarded. */
  hint(hint: Hint): void;
  /**
   * My own key of this account as a file for a backup, under a passphrase; and the way back, also for a key made elsewhere.
   * Absent where the network has no such thing. `importKey` makes it the account's key in one commit; keys before it stay for
   * opening old messages. `passphrase`: null when the person gave none.
   */
  exportKey?(passphrase: string): Promise<KeyFile>;
  /** The key as one writes it down on paper: letters, digits and spaces, at most 200 of them. Absent where it is too long for that. */
  writtenKey?(): Promise<string>;
  importKey?(text: string, passphrase: string | null): Promise<KeyImport>;
  /** The last value an `add-account` flow returns is the account to create. */
  flow(
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined>;
}

/** Makes the lane of one network; what `worker/lane` loads by network id. */
export type CreateLane = () => Lane;

/** `done`: the item's outcome stands in a commit. `later`: try again then (no network, a temporary refusal); anything thrown is a fault of the lane. */
export type Performed =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'later';
      readonly retryAt: Millis;
      /**
       * The lane knows that nobody has taken anything of this attempt, and nothing of its own goes on trying: the person may still take the item
       * back. Absent: it may have gone (decision 36).
       */
      readonly unwritten?: true;
    };
