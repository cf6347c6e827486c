import { LibSignalErrorBase, type ErrorCode } from '@signalapp/libsignal-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  startSignalServer,
  type Account,
  type Linked,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import type { AccountSetup } from '../../shared/lane/flow.ts';
import type { Lane, LaneStatus } from '../../shared/lane/lane.ts';
import { keepConnected } from './connection-loop.ts';
import { createRunning, type Running } from './running.ts';
import { createFakeNet, type FakeNet } from './test/fake-chat.ts';
import { createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { chatWith, link, start } from './test/linked-device.ts';
import { createOwnAccount } from './test/own-account.ts';

const CHECK = '/v2/keys/check';
const isPerson = (status: LaneStatus | undefined, why: string): boolean =>
  status?.kind === 'needs-person' && status.why === why;

describe('on the mock server', () => {
  let server: SignalServer;
  let phone: Account;
  let linked: Linked;
  let setup: AccountSetup;
  const lanes: Lane[] = [];
  beforeAll(async () => {
    server = await startSignalServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    phone = await server.account('Mara');
    ({ setup, linked } = await link(server, phone));
  });
  afterEach(async () => {
    for (const lane of lanes.splice(0)) await lane.stop();
    await server.call('refuseConnections', { status: null });
    await server.call('answer', { path: '/v2/keys?identity', status: null });
  });

  async function run() {
    const started = await start(setup.work);
    lanes.push(started.lane);
    return started;
  }

  test('connects, and says each step', async () => {
    const { core, lane } = await run();
    expect(core.statuses.map(({ kind }) => kind)).toEqual(['connecting', 'catching-up', 'online']);
    expect(core.commits[0]?.inbound).toEqual([
      { kind: 'cursor', name: 'identity', value: setup.identity },
      { kind: 'cursor', name: 'address', value: setup.address },
    ]);
    await lane.stop();
    expect(core.statuses.at(-1)).toEqual({ kind: 'stopped' });
  });

  test('is back within seconds after the server dropped it, and gets what came meanwhile', async () => {
    const alice = await server.account('Alice');
    const { core } = await run();
    await server.introduce(alice, linked);
    const before = core.statuses.length;
    await server.call('cut', {});
    await core.until('offline', () => core.statuses.slice(before).some(({ kind }) => kind === 'offline'));
    void server.sendText(alice, linked, 'while you were away').catch(() => undefined);
    await core.until('online', () => core.statuses.at(-1)?.kind === 'online');
    await core.until('the message', () => core.changes('message').length === 1);
    expect(core.changes('message')[0]).toMatchObject({ target: { conversation: chatWith(alice) } });
    expect(core.statuses.slice(before).map(({ kind }) => kind)).toEqual([
      'offline',
      'connecting',
      'catching-up',
      'online',
    ]);
  });

  test('gives way to another program on the same device', async () => {
    const { core } = await run();
    const other = await run();
    await core.until('elsewhere', () => isPerson(core.statuses.at(-1), 'elsewhere'));
    expect(other.core.statuses.at(-1)?.kind).toBe('online');
  });

  test('says that the server takes no such version any more, and keeps its keys', async () => {
    await server.call('refuseConnections', { status: 499 });
    const core = createCoreDouble({ work: setup.work });
    const running = await createRunning(core.context);
    const ended = keepConnected(running);
    await core.until('expired', () => isPerson(core.statuses.at(-1), 'expired'));
    running.stopping.abort();
    await ended;
    expect([...core.cells.keys()].some((name) => name.startsWith('prekey/'))).toBe(true);
  });

  test('still needs a person after a reconnect while a challenge stands', async () => {
    const core = createCoreDouble({ work: setup.work });
    const running = await createRunning(core.context);
    const ended = keepConnected(running);
    await core.until('online', () => core.statuses.at(-1)?.kind === 'online');
    running.performing.challenge.demand({ token: 'token', retryAfterMs: null, options: ['captcha'] });
    const before = core.statuses.length;
    await server.call('cut', {});
    await core.until('a person', () => core.statuses.slice(before).some((one) => isPerson(one, 'captcha')));
    expect(core.statuses.slice(before).map(({ kind }) => kind)).not.toContain('online');
    running.performing.challenge.close();
    running.stopping.abort();
    await ended;
  });

  const secrets = (core: CoreDouble) =>
    [...core.cells.keys()].filter((name) => /^(?:account|session|identity|prekey|pq-)/.test(name));

  test('forgets every key when the server says that the device is none any more', async () => {
    await server.call('refuseConnections', { status: 403 });
    const core = createCoreDouble({ work: setup.work });
    expect(secrets(core).length).toBeGreaterThan(100);
    const running = await createRunning(core.context);
    await keepConnected(running);
    expect(isPerson(core.statuses.at(-1), 'unlinked')).toBe(true);
    expect(secrets(core)).toEqual([]);
  });

  test('hears it also from a request', async () => {
    await server.call('answer', { path: '/v2/keys?identity', status: 401 });
    const core = createCoreDouble({ work: setup.work });
    await keepConnected(await createRunning(core.context));
    expect(isPerson(core.statuses.at(-1), 'unlinked')).toBe(true);
    expect(secrets(core)).toEqual([]);
  });

  test('learns it where the server only hangs up on devices it does not know', async () => {
    const { core } = await run();
    await server.call('unlink', { phone: phone.id, device: linked.id });
    await server.call('cut', {});
    await core.until('unlinked', () => isPerson(core.statuses.at(-1), 'unlinked'));
    expect(secrets(core)).toEqual([]);
  });
});

describe('pauses', () => {
  let core: CoreDouble;
  let running: Running;
  beforeEach(async () => {
    core = createCoreDouble({ work: createOwnAccount().work, now: () => Date.now() });
    running = await createRunning(core.context);
  });
  afterEach(() => void vi.useRealTimers());

  const refusing = (name: keyof typeof ErrorCode): FakeNet['net'] => {
    const refuse = async (): Promise<never> => {
      throw new LibSignalErrorBase('no', name, 'test');
    };
    return { connectAuthenticatedChat: refuse, connectUnauthenticatedChat: refuse };
  };
  const offline = () => core.statuses.filter((status) => status.kind === 'offline');

  test.each([
    [0, [1, 2, 3, 5, 8, 13, 21, 34, 55, 55, 55]],
    [1, [1.2, 2.4, 3.6, 6, 9.6, 15.6, 25.2, 40.8, 66, 66, 66]],
  ])('grow with each failure, up to a minute (chance %f)', async (chance, seconds) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const ended = keepConnected({ ...running, net: refusing('IoError') }, () => chance);
    for (let n = 1; n <= seconds.length; n += 1) {
      await core.until('offline', () => offline().length === n);
      const { retryAt } = offline().at(-1) as { readonly retryAt: number };
      expect((retryAt - Date.now()) / 1_000).toBe(seconds[n - 1]);
      await vi.advanceTimersByTimeAsync(retryAt - Date.now());
    }
    running.stopping.abort();
    await ended;
  });

  test('begin anew after a connection that held', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const fake = createFakeNet(() => ({ status: 404, body: '{}' }));
    let refuse = 3;
    const net: FakeNet['net'] = {
      ...fake.net,
      connectAuthenticatedChat: async (...args) => {
        if (refuse-- > 0) throw new LibSignalErrorBase('no', 'IoError', 'test');
        return fake.net.connectAuthenticatedChat(...args);
      },
    };
    const ended = keepConnected({ ...running, net }, () => 0);
    for (let n = 1; n <= 3; n += 1) {
      await core.until('offline', () => offline().length === n);
      await vi.advanceTimersByTimeAsync(n * 1_000);
    }
    await core.until('catching up', () => core.statuses.at(-1)?.kind === 'catching-up');
    await vi.advanceTimersByTimeAsync(11_000);
    fake.far.account.cut();
    await core.until('offline', () => offline().length === 4);
    const { retryAt } = offline().at(-1) as { readonly retryAt: number };
    expect(retryAt - Date.now()).toBe(1_000);
    running.stopping.abort();
    await ended;
  });

  test.each(['ConnectedElsewhere', 'AppExpired'] as const)('are an hour after %s', async (name) => {
    // Back at once, two programs would throw each other out for ever.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const ended = keepConnected({ ...running, net: refusing(name) });
    const tries = () => core.statuses.filter(({ kind }) => kind === 'connecting').length;
    await core.until('a person', () => core.statuses.at(-1)?.kind === 'needs-person');
    await vi.advanceTimersByTimeAsync(59 * 60_000);
    expect(tries()).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries()).toBe(2);
    running.stopping.abort();
    await ended;
  });

  test('name a portal that answers in the server’s place', async () => {
    const ended = keepConnected({ ...running, net: refusing('PossibleCaptiveNetwork') });
    await core.until('offline', () => offline().length > 0);
    expect(offline()[0]).toMatchObject({ why: 'captive-portal' });
    running.stopping.abort();
    await ended;
  });

  test('follow a connection over which the server does not say whose keys it has: nothing else goes over it', async () => {
    const fake = createFakeNet(() => ({ status: 500 }));
    const ended = keepConnected({ ...running, net: fake.net });
    await core.until('offline', () => offline().length > 0);
    const asked = fake.asked.filter(({ channel }) => channel === 'account');
    expect(asked.map(({ path }) => path)).toEqual([CHECK]);
    expect(core.statuses.some(({ kind }) => kind === 'catching-up')).toBe(false);
    running.stopping.abort();
    await ended;
  });

  test('end at once when the lane stops', async () => {
    const ended = keepConnected({ ...running, net: refusing('AppExpired') });
    await core.until('expired', () => isPerson(core.statuses.at(-1), 'expired'));
    running.stopping.abort();
    await ended;
    expect(core.statuses.at(-1)).toEqual({ kind: 'stopped' });
  });

  test('do not follow an end that came before the queue was empty with a word of being online', async () => {
    const fake = createFakeNet(({ path }) => ({ status: path === CHECK ? 200 : 500 }));
    const ended = keepConnected({ ...running, net: fake.net });
    await core.until('catching up', () => core.statuses.at(-1)?.kind === 'catching-up');
    fake.far.account.cut();
    await core.until('offline', () => offline().length > 0);
    expect(core.statuses.some(({ kind }) => kind === 'online')).toBe(false);
    running.stopping.abort();
    await ended;
  });
});
