import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, toBinary } from '@bufbuild/protobuf';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import { startSignalServer, type SignalServer } from '../../../e2e/peers/signal/child.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { readSelf, type Self } from '../account-record.ts';
import { endpointsOf } from '../environment.ts';
import { EnvelopeSchema } from '../proto/signal_pb.ts';
import { createFakeNet, type FakeAnswer, type FakeNet } from '../test/fake-chat.ts';
import { createCoreDouble } from '../test/lane-context.ts';
import { link } from '../test/linked-device.ts';
import { connectSignal, type Connected } from './connect.ts';
import { createNet } from './net.ts';
import type { Delivery, SignalConnection } from './service.ts';

const DEVICE = { service: '9d0652a3-dcc3-4d11-975f-74d61598733f' as ServiceId, device: 2 };
const never = new AbortController().signal;
const ok = (): FakeAnswer => ({ status: 200 });

function connectionOf(connected: Connected): SignalConnection {
  if (connected.kind !== 'connected') throw new Error(connected.why.kind);
  return connected.connection;
}

const connectFake = async (fake: FakeNet, keepAliveMs?: number): Promise<SignalConnection> =>
  connectionOf(
    await connectSignal({
      net: fake.net,
      endpoints: endpointsOf({ kind: 'live' }),
      device: DEVICE,
      password: 'password',
      signal: never,
      ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
    }),
  );

const envelope = (n: number): Uint8Array =>
  toBinary(
    EnvelopeSchema,
    create(EnvelopeSchema, { type: 8, sourceDevice: 1, source: DEVICE.service, content: Buffer.from([n]) }),
  );

describe('a connection', () => {
  test('hands over what comes, damaged or not, in order', async () => {
    const fake = createFakeNet(ok);
    const connection = await connectFake(fake);
    const reader = connection.deliveries[Symbol.asyncIterator]();
    for (const raw of [envelope(1), Buffer.from('no envelope'), envelope(2), new Uint8Array(0)])
      fake.far.account.deliver(raw);
    const came: Delivery[] = [];
    for (let n = 0; n < 4; n += 1) came.push((await reader.next()).value as Delivery);
    expect(came.map(({ raw }) => Buffer.from(raw).toString('latin1'))).toEqual([
      Buffer.from(envelope(1)).toString('latin1'),
      'no envelope',
      Buffer.from(envelope(2)).toString('latin1'),
      '',
    ]);
    expect(came[1]).toMatchObject({ malformed: true, envelope: null });
    connection.close();
  });

  test('says that the queue is empty once it was taken', async () => {
    const fake = createFakeNet(ok);
    const connection = await connectFake(fake);
    let empty = false;
    void connection.queueEmpty.then(() => (empty = true));
    fake.far.account.deliver(envelope(1));
    fake.far.account.deliver(envelope(2));
    fake.far.account.queueEmpty();
    const reader = connection.deliveries[Symbol.asyncIterator]();
    await reader.next();
    // A turn of the loop that also brings an answer back: the notice is here by then.
    await connection.service.preKeyCounts('ACI');
    expect(empty).toBe(false);
    await reader.next();
    await connection.queueEmpty;
    connection.close();
  });

  test('ends for who floods it; what was held is still given', async () => {
    const fake = createFakeNet(ok);
    const connection = await connectFake(fake);
    const large = new Uint8Array(8 * 1024 * 1024);
    for (let n = 0; n < 9; n += 1) fake.far.account.deliver(large);
    expect(await connection.ended).toEqual({ kind: 'offline' });
    let held = 0;
    for await (const { raw } of connection.deliveries) held += raw.length;
    expect(held).toBe(64 * 1024 * 1024);
  });

  test('ends with its socket, and an end is no empty queue', async () => {
    const fake = createFakeNet(ok);
    const connection = await connectFake(fake);
    let empty = false;
    void connection.queueEmpty.then(() => (empty = true));
    fake.far.account.cut();
    expect(await connection.ended).toEqual({ kind: 'offline' });
    for await (const _ of connection.deliveries) throw new Error('nothing came');
    expect(empty).toBe(false);
  });

  test('is kept alive, and so is the one that does not say who I am, once there is one', async () => {
    const both = Promise.withResolvers<void>();
    const fake = createFakeNet(({ channel, path }) => {
      if (channel === 'anonymous' && path === '/v1/keepalive') both.resolve();
      return { status: 200, body: '{}' };
    });
    const connection = await connectFake(fake, 20);
    await connection.service.preKeyCounts('ACI');
    expect(fake.made).toEqual(['account']);
    await connection.service.profile(DEVICE.service, new Uint8Array(32).fill(7));
    await both.promise;
    expect(fake.made).toEqual(['account', 'anonymous']);
    const kept = fake.asked.filter(({ path }) => path === '/v1/keepalive');
    expect(new Set(kept.map(({ channel }) => channel))).toEqual(new Set(['account', 'anonymous']));
    expect(kept.every(({ verb, body }) => verb === 'GET' && body === '')).toBe(true);
    connection.close();
  });

  test('ends when it cannot be kept alive', async () => {
    const fake = createFakeNet(() => ({ status: 500 }));
    const connection = await connectFake(fake, 20);
    expect(await connection.ended).toEqual({ kind: 'offline' });
  });

  test('makes another anonymous one when that went, and none once it has ended', async () => {
    const fake = createFakeNet(() => ({ status: 404 }));
    const connection = await connectFake(fake);
    const profile = () => connection.service.profile(DEVICE.service, new Uint8Array(32).fill(7));
    await profile();
    fake.far.anonymous.cut();
    // Still on its way at first; then the connection is a new one.
    while ((await profile()).kind !== 'unknown');
    expect(fake.made).toEqual(['account', 'anonymous', 'anonymous']);
    connection.close();
    expect((await profile()).kind).toBe('offline');
    expect(fake.made).toHaveLength(3);
  });
});

describe('on the mock server', () => {
  let server: SignalServer;
  let self: Self;
  beforeAll(async () => {
    server = await startSignalServer();
    const { setup } = await link(server, await server.account('Mara'));
    self = await readSelf(createWork(createCoreDouble({ work: setup.work }).context.view));
  });
  afterAll(() => server.stop());

  const connect = (signal = never) =>
    connectSignal({
      net: createNet(self.environment, null),
      endpoints: endpointsOf(self.environment),
      device: { service: self.identities.aci, device: self.identities.device },
      password: self.password,
      signal,
    });

  test('the second connection of a device ends the first, which says so', async () => {
    const first = connectionOf(await connect());
    const second = connectionOf(await connect());
    expect(await first.ended).toEqual({ kind: 'elsewhere' });
    await second.queueEmpty.catch(() => undefined);
    second.close();
    expect(await second.ended).toEqual({ kind: 'offline' });
  });

  test.each([
    [499, 'expired'],
    [403, 'unlinked'],
    // Libsignal knows by 403 alone that the device was taken away.
    [401, 'offline'],
    [500, 'offline'],
    [429, 'offline'],
  ])('a connection refused with %i is %s', async (status, kind) => {
    await server.call('refuseConnections', { status });
    expect(await connect()).toMatchObject({ kind: 'failed', why: { kind } });
    await server.call('refuseConnections', { status: null });
  });

  test('a connection can be called off', async () => {
    expect(await connect(AbortSignal.abort())).toMatchObject({ kind: 'failed' });
  });
});
