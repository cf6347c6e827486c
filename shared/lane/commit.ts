import { PlainsealError } from '../errors.ts';
import type { ConversationId, EnvelopeKey, Millis, NetworkKey, OutboxId } from '../ids.ts';
import type { HoldReason, SecurityFacts } from '../label/facts.ts';
import type { Change } from './change.ts';
import type { Intent, OutboxStep } from './intent.ts';
import type { StateWrite } from './state.ts';

/** Outcome of one delivery. Only after the commit is ok may the lane acknowledge to its server. */
export type Settled =
  | { readonly kind: 'consumed' | 'duplicate'; readonly envelope: EnvelopeKey }
  /** From somebody who was not accepted, over what is kept of such people (decision 20); `conversation` is, or would have been, their request. */
  | { readonly kind: 'not-kept'; readonly envelope: EnvelopeKey; readonly conversation: ConversationId }
  | {
      readonly kind: 'parked';
      readonly envelope: EnvelopeKey;
      readonly raw: Uint8Array;
      readonly needs: 'epoch' | 'sender-key' | 'acceptance' | 'post-message' | 'newer-version';
      /** Core lets go of the bytes then. */
      readonly until: Millis;
      /** The message whose words the bytes hold: they go with it, and are not kept where it was not. */
      readonly of?: NetworkKey;
    }
  | {
      readonly kind: 'quarantined';
      readonly envelope: EnvelopeKey;
      /** The bytes, or where the server keeps them. */
      readonly raw: Uint8Array | { readonly at: string };
      readonly why: string;
    }
  | { readonly kind: 'cursor'; readonly name: string; readonly value: string };

/** The facts of the NEXT send in a conversation; `hold` stops it whatever they say. */
export type Forecast = {
  readonly conversation: ConversationId;
  readonly facts: readonly SecurityFacts[];
  readonly hold: HoldReason | null;
};

/** The only way anything durable changes: all or nothing. Core re-checks label, floor and trust INSIDE the same transaction. */
export interface Commit {
  readonly work: readonly StateWrite[];
  readonly changes: readonly Change[];
  readonly forecasts: readonly Forecast[];
  readonly inbound: readonly Settled[];
  readonly outbound: readonly OutboxStep[];
  /** Further things to send, durable with the rest: receipts, handshake answers, retry requests. */
  readonly enqueue: readonly Intent[];
}

export type CommitResult =
  | { readonly ok: true; readonly seq: number }
  | { readonly ok: false; readonly why: 'conflict' | 'disk-full' | 'io' }
  | { readonly ok: false; readonly why: 'held'; readonly reason: HoldReason; readonly item: OutboxId };

/** Whether core refused a commit for what it says: it would each time. Whatever else a commit ends with may pass. */
export const isRefused = (error: unknown): error is PlainsealError =>
  error instanceof PlainsealError && (error.kind === 'bad-request' || error.kind === 'refused');

/** A commit that changes nothing; spread it and name the parts that do. */
export const emptyCommit: Commit = {
  work: [],
  changes: [],
  forecasts: [],
  inbound: [],
  outbound: [],
  enqueue: [],
};
