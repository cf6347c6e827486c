import { mayAdd } from '../../../shared/contract/account.ts';
import { kindOf, PlainsealError } from '../../../shared/errors.ts';
import {
  freshId,
  type AccountId,
  type FlowId,
  type Millis,
  type NetworkId,
  type PeerId,
} from '../../../shared/ids.ts';
import type {
  AccountSetup,
  FlowAnswer,
  FlowBegin,
  FlowFailure,
  FlowStart,
  FlowStep,
} from '../../../shared/lane/flow.ts';
import type { CrashPoint } from '../../../shared/lane/lane.ts';
import { addAccount, type Account } from '../../../storage/accounts.ts';
import { keepSetup } from '../../../storage/again.ts';
import { KEY_KEPT_CURSOR, setCursor } from '../../../storage/inbound.ts';
import { writeCells } from '../../../storage/lane-state.ts';
import type { KeyRefusal } from '../../../shared/lane/key.ts';
import type { HostLink } from '../host.ts';
import type { Log } from '../log.ts';
import type { ConnectLane } from './connect.ts';
import { mayConnect, type Lanes } from './lanes.ts';
import { linkableAgain } from './link-again.ts';
import { openLine } from './line.ts';
import { serveSetup, type LaneSource } from './serve.ts';

/** Conversations between the person and a lane, each for one page at a time. */
export interface Flows {
  /** @throws PlainsealError `refused` where the profile or a disclosure that was not accepted forbids it, `not-found`, `gone`. */
  start(start: {
    readonly account: AccountId | null;
    readonly network: NetworkId;
    readonly start: FlowBegin;
  }): Promise<FlowId>;
  answer(flow: FlowId, answer: FlowAnswer): Promise<void>;
  /** What a flow has put up for comparison: a "yes" to it marks somebody as checked. Null when it asks something else. */
  comparing(flow: FlowId): Compared | null;
  cancel(flow: FlowId): Promise<void>;
  /** A step of a running lane's flow. */
  step(flow: string, step: FlowStep): void;
  /** A lane died: its flows have failed. */
  died(account: AccountId): void;
  /** Nothing of a network goes on. */
  stopNetwork(network: NetworkId): void;
  stop(): void;
}

/** Whose key is compared, and what the person looks at. */
export interface Compared {
  readonly account: AccountId;
  readonly peer: PeerId;
  /** Their key. */
  readonly theirs: string;
  /** What is compared: a number made from both keys, or their key. */
  readonly number: string;
  /** The lane found that a scanned code fits. */
  readonly matched: boolean;
}

interface Running {
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly start: FlowStart;
  /** What the page was told last. */
  told: FlowStep | null;
  readonly answer: (answer: FlowAnswer) => Promise<void>;
  readonly cancel: () => Promise<void>;
  /** Setup lanes only. */
  readonly end: () => void;
  /** Setup lanes only: the key that was brought, and what ends the question about it. */
  key: { text: string; readonly stop: AbortController } | null;
}

/** Keeps the flows of a profile. `tell` reaches the page; `added` is told once a new account is durable; `anew` puts a setup in an account's place. */
export function createFlows(of: {
  readonly source: LaneSource;
  readonly lanes: Lanes;
  readonly connect: ConnectLane;
  readonly profile: 'live' | 'test';
  readonly host: Pick<HostLink, 'call'>;
  readonly tell: (flow: FlowId, step: FlowStep) => void;
  readonly added: (account: Account) => void;
  readonly anew: (account: Account, setup: AccountSetup) => Promise<void>;
  readonly crashPoints: readonly CrashPoint[];
  readonly clockOffset: Millis;
  /** Test harness: added to every new account as `ca`. */
  readonly authority: string | null;
  /** Test harness: added to every new Signal account as `signal`. */
  readonly signal: string | null;
  readonly log: Log;
}): Flows {
  const { db, clock } = of.source;
  const running = new Map<string, Running>();

  function end(flow: string): void {
    const one = running.get(flow);
    closeWindow(one);
    // First, since the end of a setup lane's pipe is a failure of flows that are still running.
    running.delete(flow);
    one?.end();
  }

  function finish(flow: string, outcome: FlowStep): void {
    end(flow);
    of.tell(flow as FlowId, outcome);
  }

  const fail = (flow: string, why: FlowFailure): void => finish(flow, { kind: 'failed', why });

  /** No question about a key follows. Only the window waits for this. */
  function closeWindow(one: Running | undefined): void {
    if (!one?.key) return;
    one.key.stop.abort();
    one.key = null;
    of.host.call('confirm.end', {}).catch(() => undefined);
  }

  /** Asks for a key, or its passphrase, in the shell's own window, and hands it to the lane: the page has no part in it. */
  async function askKey(one: Running, why: KeyRefusal | null): Promise<void> {
    const locked = why === 'passphrase-needed' || why === 'wrong-passphrase';
    const key = (one.key ??= { text: '', stop: new AbortController() });
    const { ok, secret } = await of.host.call(
      'confirm',
      {
        kind: 'bring-key',
        facts: {},
        secret: locked ? 'passphrase' : 'key-text',
        series: true,
        ...(why === null ? {} : { trouble: why }),
      },
      key.stop.signal,
    );
    if (!ok || secret === null) return one.answer({ kind: 'no' });
    if (!locked) key.text = secret;
    await one.answer({ kind: 'key', text: key.text, passphrase: locked ? secret : null });
  }

  function step(flow: string, told: FlowStep): void {
    const one = running.get(flow);
    if (!one) return;
    if (told.kind === 'ask-key') {
      // Only an account that is being added takes a key; its line ends with the flow, and an answer to it then is nobody's.
      if (one.start.kind !== 'add-account') {
        one.cancel().catch(() => undefined);
        return fail(flow, 'internal');
      }
      of.tell(flow as FlowId, { kind: 'progress', stage: 'key-asked' });
      askKey(one, told.why).catch(() => one.cancel().catch(() => undefined));
      return;
    }
    one.told = told;
    if (told.kind === 'done' || told.kind === 'failed') finish(flow, told);
    else of.tell(flow as FlowId, told);
  }

  /** `again`: the account whose place the new device takes. */
  async function startSetup(
    flow: FlowId,
    network: NetworkId,
    start: FlowStart,
    again: AccountId | null = null,
  ): Promise<void> {
    if (!mayAdd(of.profile, network))
      throw new PlainsealError('refused', 'no account of this network can be added yet');
    const account = freshId<AccountId>();
    const pipe = of.connect(account, network);
    const line = openLine({
      pipe,
      serve: serveSetup(of.source),
      log: of.log,
      hear: (name, payload) => {
        if (name !== 'flow.step') return;
        const news = payload as { flow: string; step: FlowStep; setup: AccountSetup | null };
        if (news.flow !== flow || !running.has(flow)) return;
        if (news.step.kind !== 'done') step(flow, news.step);
        else if (again === null) done(flow, account, network, news.setup, news.step);
        else doneAgain(flow, again, network, news.setup, news.step).catch(() => fail(flow, 'internal'));
      },
    });
    running.set(flow, {
      account,
      network,
      start,
      told: null,
      answer: async (answer) => void (await line.call('flow.answer', { flow, answer })),
      cancel: async () => void (await line.call('flow.cancel', { flow })),
      end: () => pipe.close(),
      key: null,
    });
    pipe.ended(() => step(flow, { kind: 'failed', why: 'internal' }));
    try {
      await line.call('start', {
        account,
        network,
        environment: of.profile,
        proxy: null,
        careful: false,
        mode: 'setup',
        crashPoints: of.crashPoints,
        clockOffset: of.clockOffset,
      });
      await line.call('flow.start', { flow, start: trusting(start, network, of) });
    } catch (error) {
      running.delete(flow);
      pipe.close();
      throw error;
    }
  }

  /** The account and the state its lane needs are one transaction: there is never one without the other. */
  function done(
    flow: FlowId,
    id: AccountId,
    network: NetworkId,
    setup: AccountSetup | null,
    told: FlowStep,
  ): void {
    if (!setup || setup.network !== network) return fail(flow, 'internal');
    const brought = (running.get(flow)?.key?.text ?? '') !== '';
    const account: Account = {
      id,
      network,
      address: setup.address,
      displayName: setup.displayName,
      environment: of.profile,
      createdAt: clock(),
    };
    try {
      db.transaction(() => {
        addAccount(db, account);
        writeCells(db, id, setup.work);
        keepSetup(db, id, setup);
        // Who brought the key has it.
        if (brought) setCursor(db, id, KEY_KEPT_CURSOR, 'yes');
      });
    } catch (error) {
      of.log('account.not-added', { kind: kindOf(error) });
      const twice = kindOf(error) === 'conflict';
      return fail(flow, twice ? 'not-possible' : 'internal');
    }
    end(flow);
    of.added(account);
    of.tell(flow, told);
  }

  /** The new device takes the old one's place; an account of another name never does. */
  async function doneAgain(
    flow: FlowId,
    id: AccountId,
    network: NetworkId,
    setup: AccountSetup | null,
    told: FlowStep,
  ): Promise<void> {
    const { account, again } = linkableAgain({ db, lanes: of.lanes }, id, network);
    if (setup?.network !== network) return fail(flow, 'internal');
    if (setup.again?.name !== again.name) return fail(flow, 'another-account');
    await of.anew(account, setup);
    finish(flow, told);
  }

  return {
    start: async ({ account, network, start }) => {
      const flow = freshId<FlowId>();
      if (!mayConnect(db, network)) throw new PlainsealError('refused', 'the disclosure was not accepted');
      if (start.kind === 'add-account') {
        if (account) throw new PlainsealError('bad-request', 'a new account is no old one');
        await startSetup(flow, network, start);
        return flow;
      }
      if (start.kind === 'link-again') {
        const { account: old, again } = linkableAgain({ db, lanes: of.lanes }, account, network);
        await startSetup(flow, network, { kind: 'add-account', args: { again: again.name } }, old.id);
        return flow;
      }
      const runner = account ? of.lanes.get(account) : null;
      if (!account || !runner) throw new PlainsealError('not-found', 'no lane of this account runs');
      if (runner.account.network !== network)
        throw new PlainsealError('bad-request', 'the account is on another network');
      running.set(flow, {
        account,
        network,
        start,
        told: null,
        answer: (answer) => runner.flow.answer(flow, answer),
        cancel: () => runner.flow.cancel(flow),
        end: () => undefined,
        key: null,
      });
      try {
        await runner.flow.start(flow, start);
      } catch (error) {
        running.delete(flow);
        throw error;
      }
      return flow;
    },
    answer: async (flow, answer) => {
      const one = running.get(flow);
      if (!one) throw new PlainsealError('not-found', 'no such flow');
      await one.answer(answer);
    },
    comparing: (flow) => {
      const one = running.get(flow);
      if (one?.start.kind !== 'check') return null;
      const { account, told } = one;
      if (told?.kind !== 'compare') return null;
      const { theirs, values, matched } = told;
      return { account, peer: one.start.peer, theirs, number: values[0].number, matched };
    },
    cancel: async (flow) => {
      await running.get(flow)?.cancel();
    },
    step,
    died: (account) => {
      for (const [flow, one] of running) if (one.account === account) fail(flow, 'internal');
    },
    stopNetwork: (network) => {
      for (const [flow, one] of running) if (one.network === network) fail(flow, 'not-possible');
    },
    stop: () => {
      const all = [...running.values()];
      running.clear();
      for (const one of all) one.end();
    },
  };
}

/** A new account that also knows the harness's servers. What the page gives never stands in their place. */
function trusting(
  start: FlowStart,
  network: NetworkId,
  { authority, signal }: { readonly authority: string | null; readonly signal: string | null },
): FlowStart {
  if (start.kind !== 'add-account') return start;
  const { signal: _theirs, ...args } = start.args;
  return {
    ...start,
    args: {
      ...args,
      ...(authority === null ? {} : { ca: authority }),
      ...(signal === null || network !== 'signal' ? {} : { signal }),
    },
  };
}
