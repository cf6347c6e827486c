import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PrivateKey } from '@signalapp/libsignal-client';
import { startSignalServer, type SignalServer } from '../../e2e/peers/signal/child.ts';
import type { AccountSetup, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { endpointsOf } from './environment.ts';
import { link as linkFlow } from './linking.ts';
import { createCoreDouble, type DoubleOptions } from './test/lane-context.ts';
import { link } from './test/linked-device.ts';

/* Linking, against Signal's own mock server. The real one's answers that the mock never gives are put in its place. */

const LINK = '/v1/devices/link';
let server: SignalServer;
beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());

interface Run {
  readonly steps: readonly FlowStep[];
  readonly setup: AccountSetup | null;
  readonly logged: readonly { readonly event: string }[];
  readonly commits: number;
}

/** Runs the flow; a phone scans the first code unless told otherwise. */
async function run(
  of: {
    readonly args?: Readonly<Record<string, string>>;
    readonly options?: DoubleOptions;
    readonly onCode?: (text: string, cancel: () => void) => void;
  } = {},
): Promise<Run> {
  const core = createCoreDouble(of.options);
  const stop = new AbortController();
  const args = of.args ?? { signal: JSON.stringify(server.environment) };
  const flow = linkFlow(args, core.context, stop.signal);
  const steps: FlowStep[] = [];
  for (;;) {
    const next = await flow.next();
    if (next.done) return { steps, setup: next.value, logged: core.logged, commits: core.commits.length };
    steps.push(next.value);
    if (next.value.kind !== 'show-code') continue;
    if (of.onCode) of.onCode(next.value.text, () => stop.abort());
    else void server.link(await server.account('Mara'), next.value.text).catch(() => undefined);
  }
}
const lastOf = ({ steps }: Run): FlowStep | undefined => steps.at(-1);
const failedWith = (why: FlowFailure): FlowStep => ({ kind: 'failed', why });

describe('linking', () => {
  test('gives an account that can be run, with keys at the server for both identities', async () => {
    const phone = await server.account('Mara');
    const { setup, linked, steps } = await link(server, phone);
    const self = await readSelf(createWork(createCoreDouble({ work: setup.work }).context.view));
    expect(setup).toMatchObject({ network: 'signal', address: phone.number, displayName: 'Mara' });
    expect(self).toMatchObject({
      number: phone.number,
      identities: { aci: phone.aci, pni: phone.pni, device: linked.device },
      environment: { kind: 'local', port: server.environment.port },
    });
    expect(Buffer.from(self.profileKey)).toEqual(Buffer.from(phone.profileKey));
    const key = PrivateKey.deserialize(Uint8Array.from(self.identities.aciIdentityKey)).getPublicKey();
    expect(setup.identity).toBe(Buffer.from(key.serialize()).toString('hex'));
    expect(steps.map(({ kind }) => kind)).toEqual(['progress', 'show-code', 'progress', 'progress', 'done']);
    // Every write is made for an account that is not there yet.
    expect(setup.work.every(({ expect: version, value }) => version === 0 && value !== null)).toBe(true);
  });

  test('of an account without a number names it by its id', async () => {
    const phone = await server.account('Nobody', { number: false });
    const { setup } = await link(server, phone);
    expect(setup).toMatchObject({ address: phone.aci, displayName: 'Nobody' });
    expect(setup.work.some(({ key }) => key.space.endsWith('/PNI'))).toBe(false);
  });

  test('takes no second from the scan to the account', async () => {
    const took: number[] = [];
    for (let n = 0; n < 3; n += 1) took.push((await link(server, await server.account('Mara'))).tookMs);
    console.info(`linking: ${took.map((ms) => Math.round(ms)).join(', ')} ms`);
    expect(Math.min(...took)).toBeLessThan(1_000);
  });

  test('never gives the same keys or passwords twice', async () => {
    const phone = await server.account('Mara');
    const [one, two] = [await link(server, phone), await link(server, phone)];
    const selfOf = ({ setup }: typeof one) =>
      readSelf(createWork(createCoreDouble({ work: setup.work }).context.view));
    const [first, second] = [await selfOf(one), await selfOf(two)];
    expect(first.password).not.toBe(second.password);
    expect(first.password.length).toBeGreaterThanOrEqual(32);
    expect(first.identities.device).not.toBe(second.identities.device);
  });
});

describe('linking fails in words', () => {
  beforeEach(() => server.call('answer', { path: LINK, status: null }));

  test.each([
    [403, '{}', 'not-confirmed'],
    [409, '{}', 'app-expired'],
    [411, '{"current":5,"max":5}', 'too-many-devices'],
    [422, '{}', 'internal'],
    [429, '', 'rate-limited'],
    [499, '', 'app-expired'],
    [500, 'oh no', 'server-unreachable'],
    [503, '', 'server-unreachable'],
    [200, 'no JSON', 'internal'],
    [200, '{"deviceId":0,"uuid":"x"}', 'internal'],
    [200, '{"deviceId":2,"uuid":"9d0652a3-dcc3-4d11-975f-74d61598733f"}', 'internal'],
  ] as const)('%i %s: %s', async (status, body, why) => {
    await server.call('answer', { path: LINK, status, body });
    const ended = await run();
    expect(lastOf(ended)).toEqual(failedWith(why));
    expect(ended.setup).toBeNull();
    expect(ended.commits).toBe(0);
    await server.call('answer', { path: LINK, status: null });
  });

  test.each([
    [500, 'server-unreachable'],
    [499, 'app-expired'],
  ] as const)('no connection is to be had (%i): %s', async (status, why) => {
    await server.call('refuseConnections', { status });
    expect(lastOf(await run())).toEqual(failedWith(why));
    await server.call('refuseConnections', { status: null });
  });

  test('nobody listens', async () => {
    const args = { signal: JSON.stringify({ ...server.environment, port: 1 }) };
    expect(lastOf(await run({ args }))).toEqual(failedWith('server-unreachable'));
  });

  test('another authority vouches for the server', async () => {
    const { authority } = endpointsOf({ kind: 'live' });
    const rootCertificate = authority.replaceAll(/-----[^-]+-----|\s/g, '');
    const args = { signal: JSON.stringify({ ...server.environment, rootCertificate }) };
    expect(lastOf(await run({ args }))).toEqual(failedWith('server-unreachable'));
  });

  test('the phone of another account than the one that is linked again: the server never hears of a device', async () => {
    const before = await server.call('requests', { path: LINK });
    const { aci } = await server.account('Somebody else');
    const ended = await run({ args: { signal: JSON.stringify(server.environment), again: aci } });
    expect(lastOf(ended)).toEqual(failedWith('another-account'));
    expect(ended.setup).toBeNull();
    expect(await server.call('requests', { path: LINK })).toBe(before);
  });

  test('the person cancels; the server never hears of a device', async () => {
    const before = await server.call('requests', { path: LINK });
    const ended = await run({ onCode: (_, cancel) => cancel() });
    expect(lastOf(ended)).toEqual(failedWith('cancelled'));
    expect(ended.setup).toBeNull();
    expect(await server.call('requests', { path: LINK })).toBe(before);
  });

  test('a test profile knows no server but its own, and a live one none of a test', async () => {
    expect(lastOf(await run({ args: {} }))).toEqual(failedWith('test-profile-only'));
    expect(lastOf(await run({ args: { signal: '{"kind":"live"}' } }))).toEqual(
      failedWith('test-profile-only'),
    );
    expect(lastOf(await run({ options: { environment: 'live' } }))).toEqual(failedWith('test-profile-only'));
  });
});

test('what goes wrong after linking is made good later: the account is there', async () => {
  await server.call('answer', { path: '/v1/profile', status: 500 });
  const ended = await run();
  await server.call('answer', { path: '/v1/profile', status: null });
  expect(lastOf(ended)).toEqual({ kind: 'done', conversation: null, peer: null });
  // Nobody could say what I call myself.
  expect(ended.setup?.displayName).toBe(ended.setup?.address);
});

test('says nothing of the account in the log', async () => {
  await server.call('answer', { path: LINK, status: 403 });
  const { logged } = await run();
  await server.call('answer', { path: LINK, status: null });
  expect(logged).toEqual([{ event: 'link-refused', facts: { status: 403 } }]);
});
