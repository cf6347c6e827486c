import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Calls } from '../../shared/contract/calls.ts';
import type { EventName, Events } from '../../shared/contract/events.ts';
import type { NetworkId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import type { CreateLane } from '../../shared/lane/lane.ts';
import type { ConfirmQuestion, HostCalls, HostEvents, Notice } from '../../shared/shell/host.ts';
import type { ConfirmAnswer } from '../../shared/shell/host.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link, type Handlers, type Link } from '../../shared/wire/rpc.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import { openDatabase, type Database } from '../../storage/database.ts';
import { acceptDisclosure } from '../../storage/disclosures.ts';
import { openInstance } from '../../storage/instance.ts';
import { openFiles } from '../../storage/files.ts';
import { hostLane } from '../lane/host.ts';
import { startCore, type Core } from '../core/core.ts';
import type { ConnectLane } from '../core/lanes/connect.ts';

/** For tests: core over a real database, a shell and a page over in-memory pipes, lanes in the same process. */
export interface Rig {
  readonly folder: string;
  readonly db: Database;
  readonly core: Core;
  readonly page: Page;
  readonly shell: Shell;
  /** A second page over the same core. */
  attach(): Page;
  /** Stops core and starts it again over the same database. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Page {
  readonly call: Link<Calls, Record<string, never>, Events>['call'];
  /** Everything heard so far. */
  readonly heard: readonly { readonly name: EventName; readonly payload: Events[EventName] }[];
  /** Resolves with the first payload, heard or to come, that fits. */
  until<K extends EventName>(name: K, fits?: (payload: Events[K]) => boolean): Promise<Events[K]>;
  /** Resolves with the next event of this name. */
  next(name: EventName): Promise<void>;
  /** Starts a flow and resolves with its last step. */
  flow(args: Omit<Calls['flow.start']['args'], 'request'>): Promise<FlowStep>;
  close(): void;
}

export interface Shell {
  readonly asked: ConfirmQuestion[];
  readonly notices: Notice[];
  badge: number;
  answer: (question: ConfirmQuestion) => ConfirmAnswer;
  serve: Partial<Handlers<HostCalls>>;
  emit: Link<Record<string, never>, HostEvents, Record<string, never>>['emit'];
}

let requests = 0;
/** A request id nobody used before. */
export const request = (): string => `request-${(requests += 1)}`;

function attachPage(core: Core): Page {
  const [near, far] = pipePair();
  core.attachPage(far);
  const line = link<Record<string, never>, Calls, Record<string, never>, Events>({ pipe: near, serve: {} });
  const heard: { name: EventName; payload: Events[EventName] }[] = [];
  const watching = new Set<() => void>();
  for (const name of ['changed', 'lane', 'flow', 'typing', 'open'] as const)
    line.listen(name, (payload) => {
      heard.push({ name, payload });
      for (const look of watching) look();
    });
  const until: Page['until'] = (name, fits = () => true) =>
    new Promise((resolve) => {
      let from = 0;
      const look = (): void => {
        for (; from < heard.length; from += 1) {
          const one = heard[from];
          if (one?.name !== name || !fits(one.payload as never)) continue;
          watching.delete(look);
          resolve(one.payload as never);
          return;
        }
      };
      watching.add(look);
      look();
    });
  return {
    call: line.call,
    heard,
    until,
    next: (name) =>
      new Promise((resolve) => {
        const undo = line.listen(name, () => {
          undo();
          resolve();
        });
      }),
    flow: async (args) => {
      const { flow } = await line.call('flow.start', { request: request(), ...args });
      const last = (step: FlowStep): boolean => step.kind === 'done' || step.kind === 'failed';
      return (await until('flow', (told) => told.flow === flow && last(told.step))).step;
    },
    close: () => line.close(),
  };
}

/** Starts a rig. `lanes` gives each network's lane; a network without one is not connected. */
export async function startRig(options: {
  readonly lanes?: Partial<Record<NetworkId, CreateLane>>;
  readonly connect?: (shell: Shell) => ConnectLane;
  readonly clock?: () => number;
  readonly kind?: 'live' | 'test';
  /** Whether the disclosures of all networks are accepted; as if the person had done so before. */
  readonly disclosed?: boolean;
  /** Where new Signal accounts find their server, as JSON. */
  readonly signal?: string;
  /** Begins as a copy of this rig's profile as it stands, on a machine that knows nothing of it. */
  readonly copyOf?: Rig;
  /** Runs before core starts, over an empty database. */
  readonly prepare?: (db: Database) => void;
}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-core-'));
  if (options.copyOf) {
    options.copyOf.db.checkpointTruncate();
    cpSync(options.copyOf.folder, folder, { recursive: true });
  }
  const db = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
  const clock = options.clock ?? Date.now;
  const marks = mkdtempSync(join(tmpdir(), 'plainseal-marks-'));
  const instance = openInstance({ db, marks, machine: null, clock });
  if (options.disclosed ?? true)
    for (const network of ['email', 'dummy', 'signal', 'nostr'] as const)
      acceptDisclosure(db, network, disclosures[network].version, clock());
  options.prepare?.(db);
  const files = openFiles({ database: db, folder, now: clock });
  const [coreEnd, shellEnd] = pipePair();
  const shell: Shell = {
    asked: [],
    notices: [],
    badge: -1,
    answer: () => ({ ok: true, secret: null }),
    serve: {},
    emit: (name, payload) => shellLine.emit(name, payload),
  };
  const given = <K extends keyof HostCalls>(name: K, args: HostCalls[K]['args']) =>
    (shell.serve[name] as ((args: unknown) => unknown) | undefined)?.(args) ?? null;
  const shellLine = link<HostCalls, Record<string, never>, HostEvents, Record<string, never>>({
    pipe: shellEnd,
    serve: {
      confirm: (question) => {
        shell.asked.push(question);
        return shell.answer(question);
      },
      notify: (notice) => (shell.notices.push(notice), null),
      badge: ({ count }) => ((shell.badge = count), null),
      ...(Object.fromEntries(
        (
          [
            'confirm.end',
            'key.wrap',
            'key.unwrap',
            'file.pick',
            'file.save',
            'grant.open',
            'grant.close',
            'crash.point',
            'lane.start',
            'lane.stop',
          ] as const
        ).map((name) => [name, (args: never) => given(name, args)]),
      ) as unknown as Omit<Handlers<HostCalls>, 'confirm' | 'notify' | 'badge'>),
    },
  });
  const host = link<Record<string, never>, HostCalls, Record<string, never>, HostEvents>({
    pipe: coreEnd,
    serve: {},
  });
  const connect: ConnectLane =
    options.connect?.(shell) ??
    ((_account, network) => {
      const [near, far] = pipePair();
      const create = options.lanes?.[network];
      if (create) hostLane(far, () => Promise.resolve(create));
      else far.close();
      return near;
    });
  const start = (): Core =>
    startCore({
      database: db,
      files,
      host,
      clock,
      random: () => 0,
      connect,
      profile: { kind: options.kind ?? 'test', version: '0' },
      instance,
      harness: { crashPoints: [], clockOffset: 0, authority: null, signal: options.signal ?? null },
    });
  let core = start();
  let page = attachPage(core);
  return {
    folder,
    db,
    shell,
    get core() {
      return core;
    },
    get page() {
      return page;
    },
    attach: () => attachPage(core),
    restart: async () => {
      await core.stop();
      core = start();
      page = attachPage(core);
    },
    close: async () => {
      await core.stop();
      instance.close();
      db.close();
      for (const made of [folder, marks]) rmSync(made, { recursive: true, force: true });
    },
  };
}
