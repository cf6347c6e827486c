import { kindOf, PlainsealError } from '../../../shared/errors.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../../shared/lane/flow.ts';
import type { OutboxItem } from '../../../shared/lane/intent.ts';
import type { KeyImport } from '../../../shared/lane/key.ts';
import type { CrashPoint, Hint, KeyFile, LaneStatus, Performed } from '../../../shared/lane/lane.ts';
import type { LaneNews } from '../../../shared/lane/protocol.ts';
import {
  keyFileSchema,
  keyImportSchema,
  keyTextSchema,
  performedSchema,
} from '../../../shared/lane/schema.ts';
import { pipePair } from '../../../shared/wire/pair.ts';
import type { Pipe } from '../../../shared/wire/pipe.ts';
import * as v from 'valibot';
import type { Account } from '../../../storage/accounts.ts';
import {
  clearMarker,
  countDeath,
  itemMarker,
  noteRun,
  putMarker,
  runIsOpen,
} from '../../../storage/inbound.ts';
import { waitAfter, type Backoff } from '../backoff.ts';
import type { Log } from '../log.ts';
import type { ConnectLane } from './connect.ts';
import { createCredit } from './credit.ts';
import { openLine, type LaneLine } from './line.ts';
import { createTurns } from './turns.ts';
import { DEADLY, serveLane, type LaneSource } from './serve.ts';

/** Between the second death in a row and the next start. After the first there is nothing to wait for: it starts at once, and carefully. */
export const RESTART_BACKOFF: Backoff = { firstMs: 500, mostMs: 5 * 60_000 };
/** A run this long was no part of a row of deaths. */
const HEALTHY_MS = 60_000;
/** How long a lane may take to load its state, and to stop. */
const START_MS = 60_000;
const STOP_MS = 10_000;

/** Supervises the lane of one account: starts it, starts it again when it died, stops it. */
export interface LaneRunner {
  readonly account: Account;
  readonly status: LaneStatus;
  /** When it was last online. */
  readonly checkedAt: Millis | null;
  /** How many items it takes at once: none while it is not connected, one after a death. */
  readonly room: number;
  perform(item: OutboxItem, signal: AbortSignal): Promise<Performed | 'deadly'>;
  hint(hint: Hint): void;
  reconnect(): void;
  flow: {
    start(flow: string, start: FlowStart): Promise<void>;
    answer(flow: string, answer: FlowAnswer): Promise<void>;
    cancel(flow: string): Promise<void>;
  };
  /** @throws PlainsealError `refused` where the network hands out, or takes, no keys. */
  exportKey(passphrase: string): Promise<KeyFile>;
  writtenKey(): Promise<string>;
  importKey(text: string, passphrase: string | null): Promise<KeyImport>;
  stop(): Promise<void>;
}

export interface LaneEvents {
  status(account: Account, status: LaneStatus): void;
  /** The lane can take work, and could not before. */
  ready(account: Account): void;
  flowStep(flow: string, step: FlowStep, setup: AccountSetup | null): void;
  typing(account: Account, conversation: string, on: boolean): void;
  /** The lane died; its flows are dead with it. */
  died(account: Account): void;
}

/** Starts the lane of an account and keeps it running until `stop`. */
export function runLane(of: {
  readonly account: Account;
  readonly source: LaneSource;
  readonly connect: ConnectLane;
  readonly events: LaneEvents;
  readonly random: () => number;
  readonly crashPoints: readonly CrashPoint[];
  readonly clockOffset: Millis;
  readonly log: Log;
}): LaneRunner {
  const { account, source, events, log } = of;
  const credit = createCredit();
  const turns = createTurns();
  // A run that was never noted as ended died with the whole program: nobody knows of what.
  let careful = runIsOpen(source.db, account.id);
  if (careful) source.db.transaction(() => countDeath(source.db, account.id));
  let status: LaneStatus = { kind: 'connecting' };
  let checkedAt: Millis | null = null;
  let times = 0;
  let line: LaneLine | null = null;
  let pipe: Pipe | null = null;
  let startedAt = 0;
  let restart: ReturnType<typeof setTimeout> | null = null;
  let stopping = false;

  function tell(next: LaneStatus): void {
    const before = isReady(status);
    status = next;
    if (isReady(next)) checkedAt = source.clock();
    // Nothing is being opened but while the lane catches up.
    if (next.kind !== 'catching-up') turns.settled();
    events.status(account, next);
    if (isReady(next) && !before) events.ready(account);
  }

  function start(): void {
    restart = null;
    startedAt = performance.now();
    source.db.transaction(() => noteRun(source.db, account.id, true));
    tell({ kind: 'connecting' });
    const made = connected();
    pipe = made;
    line = openLine({
      pipe: made,
      serve: serveLane(source, account.id, credit, turns),
      log,
      hear: (name, payload) => {
        if (pipe !== made) return;
        hear({ name, payload } as Heard);
      },
    });
    made.ended(() => died(made));
    const late = AbortSignal.timeout(START_MS);
    line
      .call(
        'start',
        {
          account: account.id,
          network: account.network,
          environment: account.environment,
          proxy: null,
          careful,
          mode: 'run',
          crashPoints: of.crashPoints,
          clockOffset: of.clockOffset,
        },
        late,
      )
      .catch((error: unknown) => {
        log('lane.start-failed', { kind: kindOf(error) });
        made.close();
      });
  }

  /** A lane that cannot even be started has died at once. */
  function connected(): Pipe {
    try {
      return of.connect(account.id, account.network);
    } catch (error) {
      log('lane.not-connected', { kind: kindOf(error) });
      const [near] = pipePair();
      near.close();
      return near;
    }
  }

  function hear(news: Heard): void {
    switch (news.name) {
      case 'status':
        return tell(news.payload);
      case 'flow.step':
        return events.flowStep(news.payload.flow, news.payload.step, null);
      case 'typing':
        return events.typing(account, news.payload.conversation, news.payload.on);
      case 'log':
        return log(`lane.${news.payload.event}`, news.payload.facts);
    }
  }

  function died(ended: Pipe): void {
    if (pipe !== ended) return;
    pipe = null;
    line = null;
    credit.clear();
    turns.clear();
    events.died(account);
    if (stopping) return;
    times = performance.now() - startedAt > HEALTHY_MS ? 1 : times + 1;
    careful = true;
    source.db.transaction(() => countDeath(source.db, account.id));
    const wait = times === 1 ? 0 : waitAfter(RESTART_BACKOFF, times - 1, of.random);
    log('lane.died', { network: account.network, times });
    tell({ kind: 'crashed', times, retryAt: source.clock() + wait });
    restart = setTimeout(start, wait);
  }

  function mustRun(): LaneLine {
    if (!line) throw new PlainsealError('gone', 'the lane does not run');
    return line;
  }

  async function performItem(item: OutboxItem, signal: AbortSignal): Promise<Performed> {
    return inShape(performedSchema, await mustRun().call('perform', { item }, signal));
  }

  async function performCarefully(item: OutboxItem, signal: AbortSignal): Promise<Performed | 'deadly'> {
    if (signal.aborted) throw new PlainsealError('cancelled', 'cancelled before its turn');
    const marker = itemMarker(item.id);
    if (source.db.transaction(() => putMarker(source.db, account.id, marker)) >= DEADLY) return 'deadly';
    const performed = await performItem(item, signal);
    source.db.transaction(() => clearMarker(source.db, account.id, marker));
    return performed;
  }

  start();
  return {
    account,
    get status() {
      return status;
    },
    get checkedAt() {
      return checkedAt;
    },
    get room() {
      if (!line || stopping || !isReady(status)) return 0;
      return careful ? 1 : Infinity;
    },
    perform: (item, signal) =>
      careful ? turns.item(() => performCarefully(item, signal)) : performItem(item, signal),
    hint: (hint) => void line?.call('hint', { hint }).catch(() => undefined),
    reconnect: () => {
      if (line) void line.call('reconnect', {}).catch(() => undefined);
      else if (restart) {
        clearTimeout(restart);
        start();
      }
    },
    flow: {
      start: async (flow, begin) => void (await mustRun().call('flow.start', { flow, start: begin })),
      answer: async (flow, answer) => void (await mustRun().call('flow.answer', { flow, answer })),
      cancel: async (flow) => void (await mustRun().call('flow.cancel', { flow })),
    },
    exportKey: async (passphrase) =>
      inShape(keyFileSchema, await mustRun().call('key.export', { passphrase })),
    writtenKey: async () => inShape(keyTextSchema, await mustRun().call('key.text', {})),
    importKey: async (text, passphrase) =>
      inShape(keyImportSchema, await mustRun().call('key.import', { text, passphrase })),
    stop: async () => {
      if (stopping) return;
      stopping = true;
      if (restart) clearTimeout(restart);
      const ending = pipe;
      const clean = line
        ? await line.call('stop', {}, AbortSignal.timeout(STOP_MS)).then(
            () => true,
            () => false,
          )
        : restart === null;
      ending?.close();
      credit.clear();
      if (clean) source.db.transaction(() => noteRun(source.db, account.id, false));
      tell({ kind: 'stopped' });
    },
  };
}

/** @throws PlainsealError `internal` for an answer of a lane that is out of shape. */
function inShape<S extends v.GenericSchema>(schema: S, answer: unknown): v.InferOutput<S> {
  const read = v.safeParse(schema, answer);
  if (!read.success) throw new PlainsealError('internal', 'a lane answered out of shape');
  return read.output;
}

const isReady = (status: LaneStatus): boolean => status.kind === 'online' || status.kind === 'catching-up';

type Heard = {
  [K in keyof LaneNews]: { readonly name: K; readonly payload: LaneNews[K] };
}[keyof LaneNews];
