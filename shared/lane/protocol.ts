import type { ConversationId, FileId, Millis } from '../ids.ts';
import type { Commit, CommitResult } from './commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from './flow.ts';
import type { OutboxItem } from './intent.ts';
import type { KeyImport } from './key.ts';
import type { CrashPoint, FileMeta, Hint, KeyFile, LaneStatus, Performed } from './lane.ts';
import type { StateCell, StateKey } from './state.ts';
import type { AccountId, NetworkId } from '../ids.ts';

/** Core → lane: the lane's half of the pipe, the same for a thread and a process. */
export interface LaneCalls {
  start: {
    readonly args: {
      readonly account: AccountId;
      readonly network: NetworkId;
      readonly environment: 'live' | 'test';
      readonly proxy: string | null;
      readonly careful: boolean;
      /** `setup`: only flows run (adding an account); nothing connects by itself. */
      readonly mode: 'run' | 'setup';
      /** Test builds only: crash points to tell core about, else empty. */
      readonly crashPoints: readonly CrashPoint[];
      /** Milliseconds to add to the machine's clock: the one injected clock of tests. */
      readonly clockOffset: Millis;
    };
    readonly result: null;
  };
  stop: { readonly args: Record<string, never>; readonly result: null };
  perform: { readonly args: { readonly item: OutboxItem }; readonly result: Performed };
  hint: { readonly args: { readonly hint: Hint }; readonly result: null };
  reconnect: { readonly args: Record<string, never>; readonly result: null };
  'flow.start': {
    readonly args: { readonly flow: string; readonly start: FlowStart };
    readonly result: null;
  };
  'flow.answer': {
    readonly args: { readonly flow: string; readonly answer: FlowAnswer };
    readonly result: null;
  };
  'flow.cancel': { readonly args: { readonly flow: string }; readonly result: null };
  /** `refused` where the network hands out no keys. Not a flow: the page hears those, and must hear no secret. */
  'key.export': { readonly args: { readonly passphrase: string }; readonly result: KeyFile };
  'key.text': { readonly args: Record<string, never>; readonly result: string };
  'key.import': {
    readonly args: { readonly text: string; readonly passphrase: string | null };
    readonly result: KeyImport;
  };
}

/** Lane → core. */
export interface CoreCalls {
  'state.get': { readonly args: { readonly key: StateKey }; readonly result: StateCell | null };
  'state.scan': {
    readonly args: { readonly space: string; readonly prefix: string };
    readonly result: readonly (readonly [StateKey, StateCell])[];
  };
  commit: { readonly args: { readonly commit: Commit }; readonly result: CommitResult };
  mark: { readonly args: { readonly envelope: string }; readonly result: 'open' | 'quarantine' };
  credit: { readonly args: { readonly bytes: number }; readonly result: null };
  room: {
    readonly args: { readonly conversation: ConversationId; readonly bytes: number };
    readonly result: boolean;
  };
  'file.read': {
    readonly args: { readonly file: FileId };
    readonly result: { readonly meta: FileMeta; readonly bytes: Uint8Array };
  };
  'file.write': {
    readonly args: { readonly name: string; readonly type: string; readonly bytes: Uint8Array };
    readonly result: FileId;
  };
  'crash.point': { readonly args: { readonly name: CrashPoint }; readonly result: null };
}

/** Lane → core, without an answer. */
export interface LaneNews {
  status: LaneStatus;
  'flow.step': { readonly flow: string; readonly step: FlowStep; readonly setup: AccountSetup | null };
  typing: { readonly conversation: string; readonly on: boolean };
  log: { readonly event: string; readonly facts: Readonly<Record<string, string | number | boolean>> };
}
