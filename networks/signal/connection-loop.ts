import type { Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { endpointsOf } from './environment.ts';
import { lookForNewer } from './look-for-newer.ts';
import { startUpkeep } from './upkeep.ts';
import { CommitFault } from './receive.ts';
import { createReceiver } from './reception.ts';
import { sayOnline, renewSelf, type Running } from './running.ts';
import { connectSignal } from './service/connect.ts';
import { deviceIsGone } from './service/presence.ts';
import type { Disconnected, SignalConnection } from './service/service.ts';
import { wipe } from './wipe.ts';

/** Pauses after failures in a row, seconds: Fibonacci, as Signal's own clients wait; up to a fifth more by chance. */
const PAUSES_S = [1, 2, 3, 5, 8, 13, 21, 34, 55] as const;
const JITTER = 0.2;
/** A server that takes this version no more, or another program on the same device: nothing changes within minutes. */
const PERSON_RETRY_MS: Millis = 60 * 60_000;
/** A connection that ended so soon after it was made was ended by the server on purpose. */
const AT_ONCE_MS: Millis = 3_000;
/** A device that the server does not find so often, one time after the other, is none any more: its keys go, and do not come back. */
const MISSING_TIMES = 2;
/** A connection that held this long ends the row of failures before it. */
const STABLE_MS: Millis = 10_000;

/** Keeps an account connected until it is stopped, or unlinked. */
export async function keepConnected(running: Running, random: () => number = Math.random): Promise<void> {
  const { context, self, net } = running;
  const { signal } = running.stopping;
  const device = { service: self.identities.aci, device: self.identities.device };
  let failures = 0;
  let missing = 0;
  while (!signal.aborted) {
    context.status({ kind: 'connecting' });
    const startedAt = performance.now();
    const connected = await connectSignal({
      net,
      endpoints: endpointsOf(self.environment),
      device,
      password: self.password,
      signal,
    });
    const ended =
      connected.kind === 'connected' ? await runConnected(running, connected.connection) : connected.why;
    if (signal.aborted) break;
    if (ended === 'newer') {
      context.log('newer-state-elsewhere', {});
      context.status({ kind: 'needs-person', why: 'clone-suspected' });
      return;
    }
    const lasted = performance.now() - startedAt;
    const atOnce = connected.kind === 'connected' && ended.kind === 'offline' && lasted < AT_ONCE_MS;
    missing = atOnce && (await deviceIsGone(net, device, self.profileKey)) ? missing + 1 : 0;
    const why: Disconnected = missing < MISSING_TIMES ? ended : { kind: 'unlinked' };
    failures = lasted > STABLE_MS ? 1 : failures + 1;
    context.log('connection-ended', { why: why.kind, failures });
    if (why.kind === 'unlinked') {
      await wipe(context);
      context.status({ kind: 'needs-person', why: 'unlinked' });
      return;
    }
    await pause(report(context, why, failures, random), signal);
  }
  context.status({ kind: 'stopped' });
}

/** Runs one connection to its end; `newer`: nothing of it was used, since a newer state of this device goes on elsewhere. */
async function runConnected(running: Running, connection: SignalConnection): Promise<Disconnected | 'newer'> {
  await renewSelf(running);
  const { context, engine, own, withLocks, openFile, stopping } = running;
  const close = (): void => connection.close();
  stopping.signal.addEventListener('abort', close, { once: true });
  const look = await lookForNewer(running, connection.service);
  if (look !== 'mine') {
    stopping.signal.removeEventListener('abort', close);
    close();
    return look;
  }
  const receiver = createReceiver({ context, engine, own, withLocks, openFile, service: connection.service });
  const upkeep = startUpkeep(running, connection.service);
  running.connection = connection;
  running.isCaughtUp = false;
  context.status({ kind: 'catching-up', left: null });
  const { deliveries, queueEmpty } = connection;
  const caughtUp = (): void => {
    running.isCaughtUp = running.connection === connection;
    sayOnline(running);
  };
  const receiving = receiver.receive({ deliveries, queueEmpty, caughtUp }).catch((error: unknown) => {
    // What could not be made durable was not acknowledged: the server gives it again on the next connection.
    const fault = error instanceof CommitFault ? error.why : error instanceof Error ? error.name : 'unknown';
    context.log('receiving-ended', { fault });
    connection.close();
  });
  try {
    const why = await Promise.race([connection.ended, upkeep.unlinked]);
    return why;
  } finally {
    running.connection = null;
    connection.close();
    upkeep.stop();
    await receiving;
    receiver.close();
    stopping.signal.removeEventListener('abort', close);
  }
}

/** Says what is wrong; gives how long to wait, ms. */
function report(
  context: LaneContext,
  why: Exclude<Disconnected, { readonly kind: 'unlinked' }>,
  failures: number,
  random: () => number,
): Millis {
  if (why.kind === 'expired' || why.kind === 'elsewhere') {
    context.status({ kind: 'needs-person', why: why.kind });
    return PERSON_RETRY_MS;
  }
  const seconds = PAUSES_S[Math.min(failures, PAUSES_S.length) - 1] ?? 1;
  const wait = Math.round(seconds * 1_000 * (1 + JITTER * random()));
  context.status({
    kind: 'offline',
    retryAt: context.now() + wait,
    ...(why.kind === 'captive-portal' ? { why: why.kind } : {}),
  });
  return wait;
}

/** Waits, or until `signal` aborts. */
function pause(ms: Millis, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
