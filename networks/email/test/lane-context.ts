import * as v from 'valibot';
import {
  freshId,
  type AccountId,
  type ConversationId,
  type FileId,
  type Millis,
  type OutboxId,
} from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { commitSchema } from '../../../shared/lane/schema.ts';
import type { Commit, CommitResult, Settled } from '../../../shared/lane/commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../../shared/lane/flow.ts';
import type { Intent, OutboxItem, OutboxStep } from '../../../shared/lane/intent.ts';
import type { CrashPoint, FileMeta, Lane, LaneContext, LaneStatus } from '../../../shared/lane/lane.ts';
import { newNetworkKey } from '../../../shared/lane/network-key.ts';
import { ABSENT, type StateCell, type StateKey } from '../../../shared/lane/state.ts';
import type { Content } from '../../../shared/contract/content.ts';

/**
 * A stand-in for core: checks commits as core's border does, keeps state and files in maps, applies commits atomically, keeps an outbox and hands
 * its items to the lane in order.
 */
export interface CoreDouble {
  readonly context: LaneContext;
  readonly commits: readonly Commit[];
  readonly statuses: readonly LaneStatus[];
  readonly logged: readonly { readonly event: string; readonly facts: Readonly<Record<string, unknown>> }[];
  readonly cells: ReadonlyMap<string, StateCell>;
  /** Changes of every commit so far, in order. */
  changes(): readonly Change[];
  settled(): readonly Settled[];
  steps(): readonly OutboxStep[];
  /** The first change (also of the past) that fits. Throws after 20 s. */
  waitFor<T extends Change>(what: string, fits: (change: Change) => change is T): Promise<T>;
  waitUntil(what: string, fits: () => boolean): Promise<void>;
  /** Puts an intent into the outbox; it is performed by the attached lane. */
  enqueue(intent: Intent, quoted?: string): OutboxItem;
  item(id: OutboxId): OutboxItem;
  attach(lane: Lane): void;
  addFile(meta: Omit<FileMeta, 'size'>, bytes: Uint8Array): FileId;
  file(id: FileId): { readonly meta: FileMeta; readonly bytes: Uint8Array };
  /** Called before each commit; what it returns is the answer in place of applying it. */
  intercept(how: ((commit: Commit) => CommitResult | null) | null): void;
  onCrashPoint(how: ((name: CrashPoint) => void | Promise<void>) | null): void;
  stop(): void;
}

export interface DoubleOptions {
  readonly environment?: 'live' | 'test';
  readonly careful?: boolean;
  readonly hasRoom?: (conversation: ConversationId, bytes: number) => boolean;
  readonly account?: string;
  readonly now?: () => Millis;
  readonly mark?: (envelope: string) => 'open' | 'quarantine';
}

const WAIT_MS = 20_000;
const name = (key: StateKey): string => `${key.space}\u0000${key.key}`;

/** Makes the stand-in, empty or with the state of a set-up account. */
export function createCoreDouble(setup: AccountSetup | null = null, options: DoubleOptions = {}): CoreDouble {
  const cells = new Map<string, StateCell>();
  const keys = new Map<string, StateKey>();
  const files = new Map<FileId, { readonly meta: FileMeta; readonly bytes: Uint8Array }>();
  const commits: Commit[] = [];
  const statuses: LaneStatus[] = [];
  const logged: { event: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const items = new Map<OutboxId, OutboxItem>();
  const watchers = new Set<() => void>();
  let intercept: ((commit: Commit) => CommitResult | null) | null = null;
  let crash: ((name: CrashPoint) => void | Promise<void>) | null = null;
  let lane: Lane | null = null;
  let lastSentAt = 0;
  const stopping = new AbortController();
  const now = options.now ?? Date.now;

  const put = (writes: Commit['work']): void => {
    for (const { key, value } of writes) {
      const version = (cells.get(name(key))?.version ?? ABSENT) + 1;
      keys.set(name(key), key);
      if (value === null) cells.delete(name(key));
      else cells.set(name(key), { value, version });
    }
  };
  if (setup) put(setup.work);

  const performOne = async (id: OutboxId): Promise<void> => {
    const item = items.get(id);
    if (!lane || !item || stopping.signal.aborted || !['queued', 'sealed'].includes(item.state)) return;
    const performed = await lane.perform(item, stopping.signal);
    const after = items.get(id) as OutboxItem;
    items.set(id, { ...after, attempts: after.attempts + 1 });
    for (const watcher of watchers) watcher();
    if (performed.kind === 'later' && !stopping.signal.aborted) {
      const timer = setTimeout(
        () => void performOne(id),
        Math.min(200, Math.max(0, performed.retryAt - now())),
      );
      timer.unref();
    }
  };
  const add = (intent: Intent, quoted?: string): OutboxItem => {
    lastSentAt = Math.max(lastSentAt + 1, intent.sentAt);
    const item: OutboxItem = {
      id: freshId<OutboxId>(),
      intent: structuredClone({ ...intent, sentAt: lastSentAt }),
      state: 'queued',
      artifacts: [],
      attempts: 0,
      ...(quoted === undefined ? {} : { quoted }),
    };
    items.set(item.id, item);
    void performOne(item.id);
    return item;
  };
  const apply = (commit: Commit): CommitResult => {
    for (const { key, expect } of commit.work)
      if ((cells.get(name(key))?.version ?? ABSENT) !== expect) return { ok: false, why: 'conflict' };
    put(commit.work);
    commits.push(commit);
    for (const step of commit.outbound) {
      const item = items.get(step.item);
      if (item)
        items.set(step.item, { ...item, state: step.to, artifacts: step.artifacts ?? item.artifacts });
    }
    for (const intent of commit.enqueue) setImmediate(() => add(intent));
    for (const watcher of watchers) watcher();
    return { ok: true, seq: commits.length };
  };

  const context: LaneContext = {
    account: (options.account ?? 'account') as AccountId,
    environment: options.environment ?? 'test',
    proxy: null,
    careful: options.careful ?? false,
    view: {
      get: async (key) => cells.get(name(key)) ?? null,
      scan: async (space, prefix) =>
        [...cells]
          .map(([id, cell]) => [keys.get(id) as StateKey, cell] as const)
          .filter(([key]) => key.space === space && key.key.startsWith(prefix))
          .toSorted(([a], [b]) => (a.key < b.key ? -1 : 1)),
    },
    now,
    commit: async (commit) => {
      const answer = intercept?.(commit);
      // As at core's border: who reads mail has to go on behind one that core refuses.
      if (!v.is(commitSchema, commit)) throw new PlainsealError('bad-request', 'not a commit');
      return answer ?? apply(structuredClone(commit));
    },
    status: (status) => {
      statuses.push(status);
      for (const watcher of watchers) watcher();
    },
    typing: () => undefined,
    credit: async () => undefined,
    hasRoom: async (conversation, bytes) => options.hasRoom?.(conversation, bytes) ?? true,
    mark: async (envelope) => options.mark?.(envelope) ?? 'open',
    files: {
      read: async (file) => {
        const found = files.get(file);
        if (!found) throw new Error('no such file');
        return found;
      },
      write: async (meta, bytes) => addFile(meta, bytes),
    },
    crashPoint: async (point) => crash?.(point),
    log: (event, facts = {}) => {
      logged.push({ event, facts });
    },
  };
  function addFile(meta: Omit<FileMeta, 'size'>, bytes: Uint8Array): FileId {
    const id = freshId<FileId>();
    files.set(id, { meta: { ...meta, size: bytes.length }, bytes });
    return id;
  }
  const waitUntil = (what: string, fits: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        watchers.delete(look);
        reject(new Error(`waited for ${what}; log ${JSON.stringify(logged.slice(-5))}`));
      }, WAIT_MS);
      const look = (): void => {
        if (!fits()) return;
        watchers.delete(look);
        clearTimeout(timer);
        resolve();
      };
      watchers.add(look);
      look();
    });
  const changes = (): readonly Change[] => commits.flatMap((commit) => commit.changes);

  return {
    context,
    commits,
    statuses,
    logged,
    cells,
    changes,
    settled: () => commits.flatMap((commit) => commit.inbound),
    steps: () => commits.flatMap((commit) => commit.outbound),
    async waitFor(what, fits) {
      await waitUntil(what, () => changes().some(fits));
      return changes().find(fits) as never;
    },
    waitUntil,
    enqueue: add,
    item: (id) => items.get(id) as OutboxItem,
    attach(to) {
      lane = to;
      for (const { id } of items.values()) void performOne(id);
    },
    addFile,
    file: (id) => files.get(id) as { meta: FileMeta; bytes: Uint8Array },
    intercept: (how) => {
      intercept = how;
    },
    onCrashPoint: (how) => {
      crash = how;
    },
    stop: () => stopping.abort(),
  };
}

/** An intent to say something in a conversation. */
export function saying(
  conversation: ConversationId,
  content: Partial<Content> & { readonly text: string },
): Intent {
  const key = newNetworkKey('email', 0);
  const what = { kind: 'content' as const, key, content: { ranges: [], files: [], ...content } };
  return { conversation, sentAt: Date.now(), what };
}

/** Runs a flow to its end, answering questions from a list; gives every step and the setup. */
export async function runFlow(
  lane: Lane,
  start: FlowStart,
  context: LaneContext,
  answers: readonly FlowAnswer[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly steps: readonly FlowStep[]; readonly setup: AccountSetup | null }> {
  const flow = lane.flow(start, context, signal);
  const steps: FlowStep[] = [];
  const left = [...answers];
  let next = await flow.next();
  while (!next.done) {
    steps.push(next.value);
    const asks = next.value.kind === 'ask' || next.value.kind === 'compare';
    next = await flow.next(asks ? left.shift() : undefined);
  }
  return { steps, setup: next.value };
}
