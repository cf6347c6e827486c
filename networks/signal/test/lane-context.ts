import * as v from 'valibot';
import {
  freshId,
  type AccountId,
  type ConversationId,
  type EnvelopeKey,
  type FileId,
  type Millis,
  type OutboxId,
} from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Commit, CommitResult, Settled } from '../../../shared/lane/commit.ts';
import type { Intent, OutboxItem } from '../../../shared/lane/intent.ts';
import type { CrashPoint, FileMeta, LaneContext, LaneStatus } from '../../../shared/lane/lane.ts';
import { commitSchema } from '../../../shared/lane/schema.ts';
import {
  ABSENT,
  freshVersion,
  type StateCell,
  type StateKey,
  type StateWrite,
} from '../../../shared/lane/state.ts';

/**
 * A stand-in for core, in memory: state with versions, commits that stand or fall whole and must pass the checks of core's border, an
 * outbox. What core decides of its own (labels, holds, whose message it is) it does not know.
 */
export interface CoreDouble {
  readonly context: LaneContext;
  readonly commits: readonly Commit[];
  readonly statuses: readonly LaneStatus[];
  readonly typing: readonly { readonly conversation: ConversationId; readonly on: boolean }[];
  readonly logged: readonly { readonly event: string; readonly facts: Readonly<Record<string, unknown>> }[];
  readonly marks: readonly string[];
  readonly cells: ReadonlyMap<string, StateCell>;
  /** Of every commit so far, in order. */
  changes<K extends Change['kind']>(kind: K): readonly Extract<Change, { readonly kind: K }>[];
  settled(): readonly Exclude<Settled, { readonly kind: 'cursor' }>[];
  outcome(envelope: EnvelopeKey): Settled['kind'] | undefined;
  /** What lanes enqueued and {@link CoreDouble.enqueue} added, with the steps of commits applied. */
  items(): readonly OutboxItem[];
  enqueue(intent: Intent): OutboxItem;
  item(id: OutboxId): OutboxItem;
  /** Writes state past every check, as another task of the lane would between two commits. */
  put(writes: readonly StateWrite[]): void;
  file(id: FileId): { readonly meta: FileMeta; readonly bytes: Uint8Array } | undefined;
  /** Asked before each commit: its answer takes the place of applying it. */
  intercept(how: ((commit: Commit) => CommitResult | null) | null): void;
  onCrashPoint(how: ((name: CrashPoint) => void | Promise<void>) | null): void;
  /** Resolves once it fits; looked at after everything the lane tells. Fails after 20 s. */
  until(what: string, fits: () => boolean): Promise<void>;
}

export interface DoubleOptions {
  readonly work?: readonly StateWrite[];
  readonly environment?: 'live' | 'test';
  readonly careful?: boolean;
  readonly hasRoom?: (conversation: ConversationId, bytes: number) => boolean;
  readonly now?: () => Millis;
  readonly mark?: (envelope: string) => 'open' | 'quarantine';
}

export const ACCOUNT = 'account' as AccountId;
const WAIT_MS = 20_000;
const nameOf = (key: StateKey): string => `${key.space}\u0000${key.key}`;

export function createCoreDouble(options: DoubleOptions = {}): CoreDouble {
  const cells = new Map<string, StateCell>();
  const keys = new Map<string, StateKey>();
  const files = new Map<FileId, { readonly meta: FileMeta; readonly bytes: Uint8Array }>();
  const commits: Commit[] = [];
  const statuses: LaneStatus[] = [];
  const typing: { conversation: ConversationId; on: boolean }[] = [];
  const logged: { event: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const marks: string[] = [];
  const items = new Map<OutboxId, OutboxItem>();
  const outcomes = new Map<EnvelopeKey, Settled['kind']>();
  const watchers = new Set<() => void>();
  let intercept: ((commit: Commit) => CommitResult | null) | null = null;
  let crash: ((name: CrashPoint) => void | Promise<void>) | null = null;
  const tell = (): void => {
    for (const look of watchers) look();
  };

  function put(writes: readonly StateWrite[]): void {
    for (const { key, value, version = freshVersion() } of writes) {
      keys.set(nameOf(key), key);
      if (value === null) cells.delete(nameOf(key));
      else cells.set(nameOf(key), { value, version });
    }
  }

  function enqueue(intent: Intent): OutboxItem {
    const item: OutboxItem = { id: freshId<OutboxId>(), intent, state: 'queued', artifacts: [], attempts: 0 };
    items.set(item.id, item);
    return item;
  }

  function apply(commit: Commit): CommitResult {
    for (const { key, expect } of commit.work)
      if ((cells.get(nameOf(key))?.version ?? ABSENT) !== expect) return { ok: false, why: 'conflict' };
    put(commit.work);
    commits.push(commit);
    for (const step of commit.outbound) {
      const item = items.get(step.item);
      if (item) items.set(item.id, { ...item, state: step.to, artifacts: step.artifacts ?? item.artifacts });
    }
    for (const intent of commit.enqueue) enqueue(intent);
    for (const settled of commit.inbound)
      if (settled.kind !== 'cursor' && (settled.kind !== 'duplicate' || !outcomes.has(settled.envelope)))
        outcomes.set(settled.envelope, settled.kind);
    tell();
    return { ok: true, seq: commits.length };
  }

  put(options.work ?? []);
  const context: LaneContext = {
    account: ACCOUNT,
    environment: options.environment ?? 'test',
    proxy: null,
    careful: options.careful ?? false,
    view: {
      get: async (key) => cells.get(nameOf(key)) ?? null,
      scan: async (space, prefix) =>
        [...cells]
          .map(([name, cell]) => [keys.get(name) as StateKey, cell] as const)
          .filter(([key]) => key.space === space && key.key.startsWith(prefix))
          .toSorted(([a], [b]) => (a.key < b.key ? -1 : 1)),
    },
    now: options.now ?? Date.now,
    commit: async (commit) => {
      const checked = v.parse(commitSchema, structuredClone(commit));
      return intercept?.(checked) ?? apply(checked);
    },
    status: (status) => {
      statuses.push(status);
      tell();
    },
    typing: (conversation, on) => {
      typing.push({ conversation, on });
      tell();
    },
    credit: async () => undefined,
    hasRoom: async (conversation, bytes) => options.hasRoom?.(conversation, bytes) ?? true,
    mark: async (envelope) => {
      marks.push(envelope);
      return options.mark?.(envelope) ?? 'open';
    },
    files: {
      read: async (file) => {
        const found = files.get(file);
        if (!found) throw new Error('no such file');
        return found;
      },
      write: async (meta, bytes) => {
        const id = freshId<FileId>();
        files.set(id, { meta: { ...meta, size: bytes.length }, bytes });
        return id;
      },
    },
    crashPoint: async (point) => crash?.(point),
    log: (event, facts = {}) => {
      logged.push({ event, facts });
      tell();
    },
  };

  return {
    context,
    commits,
    statuses,
    typing,
    logged,
    marks,
    cells,
    changes: (kind) =>
      commits.flatMap(({ changes }) => changes).filter((change) => change.kind === kind) as never,
    settled: () => commits.flatMap(({ inbound }) => inbound).filter((one) => one.kind !== 'cursor'),
    outcome: (envelope) => outcomes.get(envelope),
    items: () => [...items.values()],
    enqueue,
    item: (id) => items.get(id) as OutboxItem,
    put,
    file: (id) => files.get(id),
    intercept: (how) => {
      intercept = how;
    },
    onCrashPoint: (how) => {
      crash = how;
    },
    until: (what, fits) =>
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
      }),
  };
}
