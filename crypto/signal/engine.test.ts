import { IdentityKeyPair } from '@signalapp/libsignal-client';
import { describe, expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import type { DeviceBundle, Started } from './engine.ts';
import {
  acquainted,
  bytesOf,
  createAccount,
  NOW,
  opened,
  receiveIn,
  refusal,
  textOf,
  type Account,
} from './test/account.ts';
import { createRawParty, type RawParty } from './test/raw-party.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const deviceOf = ({ service, device }: RawParty) => ({ service, device });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const keyOf = ({ identity }: RawParty): string => hex(identity.publicKey.serialize());

function start(account: Account, peer: RawParty, bundle: DeviceBundle, now = NOW): Promise<Started> {
  const key = peer.identity.publicKey.serialize();
  return account.cells.run((work) => account.engine.startSession(bundle, key, peer.service, work, now));
}

const seal = (account: Account, text: string, peer: RawParty, now = NOW) =>
  account.cells.run((work) => account.engine.seal(bytesOf(text), deviceOf(peer), work, now));

const forecast = (account: Account, peer: RawParty, now: number) =>
  account.engine.forecast(peer.service, createWork(account.cells.view), now);

describe('a session', () => {
  it('opens and seals with a stranger who begins', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const first = opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    expect(textOf(first.plaintext)).toBe('hello');
    expect(first).toMatchObject({
      from: deviceOf(peer),
      local: 'ACI',
      identity: keyOf(peer),
      identityWas: null,
      newSession: true,
    });
    const sealed = await seal(account, 'hi', peer);
    expect(sealed).toMatchObject({
      type: 'double-ratchet',
      registrationId: peer.registrationId,
      identity: keyOf(peer),
    });
    expect(await peer.read(sealed, account.aci)).toBe('hi');
    const again = opened(await account.receive(await peer.write(bytesOf('again'), account.aci)));
    expect(again.newSession).toBe(false);
    expect(textOf(again.plaintext)).toBe('again');
  });

  it('begins with somebody, without a one-time key too', async () => {
    const account = createAccount();
    for (const once of [true, false]) {
      const peer = createRawParty();
      const bundle = await peer.bundle();
      const started = await start(account, peer, once ? bundle : { ...bundle, preKey: null });
      expect(started).toEqual({ kind: 'started', identity: keyOf(peer), identityWas: null });
      const sealed = await seal(account, 'hi', peer);
      expect(sealed).toMatchObject({ type: 'prekey', registrationId: peer.registrationId });
      expect(await peer.read(sealed, account.aci)).toBe('hi');
      const answer = opened(await account.receive(await peer.write(bytesOf('yo'), account.aci)));
      expect(textOf(answer.plaintext)).toBe('yo');
      expect((await seal(account, 'next', peer)).type).toBe('double-ratchet');
    }
  });

  it('opens what comes out of order, and once', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const envelopes = [];
    for (const text of ['1', '2', '3', '4', '5'])
      envelopes.push(await peer.write(bytesOf(text), account.aci));
    for (const at of [3, 0, 4, 2, 1]) {
      const envelope = envelopes[at];
      if (envelope === undefined) throw new Error('none');
      expect(textOf(opened(await account.receive(envelope)).plaintext)).toBe(String(at + 1));
      expect(await account.receive(envelope)).toEqual({ kind: 'duplicate' });
    }
  });

  it('takes a batch in one unit of work, of which a failed envelope leaves nothing', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const good = [];
    for (const text of ['1', '2', '3']) good.push(await peer.write(bytesOf(text), account.aci));
    // Padded wrongly: libsignal opens it, and has moved its ratchet on when the engine refuses it.
    const bad = await peer.write(Uint8Array.of(1, 2, 3), account.aci, { padded: false });
    const stranger = createRawParty();
    await stranger.meet(account.aci, account.keys.aci, 5);
    const halfway = await stranger.write(Uint8Array.of(1, 2, 3), account.aci, { padded: false });
    const before = new Map(account.cells.all);
    const work = createWork(account.cells.view);
    const results: string[] = [];
    for (const envelope of [good[0], bad, good[1], halfway, good[2]])
      if (envelope) results.push(refusal(await receiveIn(account.engine, envelope, work, NOW)));
    expect(results).toEqual(['opened', 'malformed', 'opened', 'malformed', 'opened']);
    // One cell: the session with the peer. Neither prekeys nor identity nor session of the stranger.
    expect(work.writes().map(({ key }) => `${key.space}|${key.key}`)).toEqual([
      `session/ACI|${peer.service}.1`,
    ]);
    account.cells.commit(work.writes());
    expect(account.cells.all.size).toBe(before.size);
    const next = await peer.write(bytesOf('next'), account.aci);
    expect(textOf(opened(await account.receive(next)).plaintext)).toBe('next');
    // The message that was dropped can still come properly.
    expect(refusal(await account.receive(bad))).toBe('malformed');
  });

  it('gives back what stood before a dropped savepoint, also from its kept records', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const work = createWork(account.cells.view);
    const point = work.savepoint();
    await account.engine.seal(bytesOf('not sent'), deviceOf(peer), work, NOW);
    await account.engine.seal(bytesOf('neither'), deviceOf(peer), work, NOW);
    point.drop();
    const other = work.savepoint();
    await account.engine.archive(deviceOf(peer), work);
    expect(await account.engine.canSeal(deviceOf(peer), work, NOW)).toBe(false);
    other.drop();
    const sealed = await account.engine.seal(bytesOf('sent'), deviceOf(peer), work, NOW);
    expect(sealed.details).toContainEqual({ name: 'step', value: '1' });
    expect(await peer.read(sealed, account.aci)).toBe('sent');
    const next = await account.engine.seal(bytesOf('next'), deviceOf(peer), work, NOW);
    expect(next.details).toContainEqual({ name: 'step', value: '2' });
  });

  it('uses up one-time keys, and not the signed one', async () => {
    const account = createAccount();
    const names = (): string[] => [...account.cells.all.keys()];
    const [once, pq] = [account.keys.aci.preKeys[0]?.id, account.keys.aci.pqPreKeys[0]?.id];
    await acquainted(account, 0);
    expect(names()).not.toContain(`prekey/ACI|${once}`);
    expect(names()).not.toContain(`pq-prekey/ACI|${pq}`);
    expect(names()).toContain(`signed-prekey/ACI|${account.keys.aci.signedPreKey.id}`);
    const late = createRawParty();
    await late.meet(account.aci, account.keys.aci, 0);
    const result = await account.receive(await late.write(bytesOf('late'), account.aci));
    expect(refusal(result)).toBe('no-prekey');
  });

  it('seals for nobody it has no session with', async () => {
    const account = createAccount();
    await expect(seal(account, 'hi', createRawParty())).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is put away, opens what is under way, and is forgotten', async () => {
    const account = createAccount();
    const { engine, cells } = account;
    const peer = await acquainted(account);
    const devices = () => engine.devices(peer.service, createWork(cells.view));
    const can = () => engine.canSeal(deviceOf(peer), createWork(cells.view), NOW);
    expect(await can()).toBe(true);
    const underWay = await peer.write(bytesOf('under way'), account.aci);
    await cells.run((work) => engine.archive(deviceOf(peer), work));
    expect(await can()).toBe(false);
    expect(await forecast(account, peer, NOW)).toEqual([]);
    expect(await devices()).toEqual([{ device: 1, registrationId: peer.registrationId }]);
    await expect(seal(account, 'hi', peer)).rejects.toMatchObject({ kind: 'not-found' });
    expect(textOf(opened(await account.receive(underWay)).plaintext)).toBe('under way');
    await cells.run(async (work) => {
      await engine.devices(peer.service, work);
      engine.forget(deviceOf(peer), work);
    });
    expect(await devices()).toEqual([]);
    expect(await can()).toBe(false);
    // Neither is there to be put away.
    await cells.run((work) => engine.archive(deviceOf(peer), work));
    expect(await devices()).toEqual([]);
  });

  it('goes stale when nobody answers it', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await start(account, peer, await peer.bundle());
    const work = createWork(account.cells.view);
    expect(await account.engine.canSeal(deviceOf(peer), work, NOW + 29 * DAY_MS)).toBe(true);
    expect(await account.engine.canSeal(deviceOf(peer), work, NOW + 31 * DAY_MS)).toBe(false);
    await expect(seal(account, 'hi', peer, NOW + 31 * DAY_MS)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is with one device; others of the same service are others', async () => {
    const account = createAccount();
    const phone = createRawParty();
    const tablet = createRawParty({ service: phone.service, identity: phone.identity, device: 3 });
    await start(account, phone, await phone.bundle());
    await start(account, tablet, await tablet.bundle());
    const devices = await account.engine.devices(phone.service, createWork(account.cells.view));
    expect(devices).toEqual([
      { device: 1, registrationId: phone.registrationId },
      { device: 3, registrationId: tablet.registrationId },
    ]);
    const sealed = await seal(account, 'for the tablet', tablet);
    await expect(phone.read(sealed, account.aci)).rejects.toThrow();
    expect(await tablet.read(sealed, account.aci)).toBe('for the tablet');
  });

  it('is not damaged by a cell that does not read: the fault is told', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    const key = { space: 'session/ACI', key: `${peer.service}.1` };
    for (const damage of [[], [9], [1, 9, ...new Uint8Array(60)], [1, 0, ...new Uint8Array(60).fill(255)]]) {
      const work = createWork(account.cells.view);
      await work.get(key);
      work.put(key, Uint8Array.from(damage));
      await expect(receiveIn(account.engine, envelope, work, NOW)).rejects.toMatchObject({ kind: 'corrupt' });
    }
  });

  it('does not take a fault of the database for one of the message', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    for (const space of ['session/', 'identity/', 'prekey/', 'signed-prekey/', 'pq-prekey/']) {
      const work = createWork({
        ...account.cells.view,
        get: (key) =>
          key.space.startsWith(space)
            ? Promise.reject(new Error('the pipe has ended'))
            : account.cells.view.get(key),
      });
      await expect(receiveIn(account.engine, envelope, work, NOW)).rejects.toThrow('the pipe has ended');
    }
    opened(await account.receive(envelope));
    const broken = createWork({
      ...account.cells.view,
      get: (key) =>
        key.space.startsWith('identity/')
          ? Promise.reject(new Error('the pipe has ended'))
          : account.cells.view.get(key),
    });
    const bundle = await peer.bundle();
    const key = peer.identity.publicKey.serialize();
    await expect(account.engine.seal(bytesOf('hi'), deviceOf(peer), broken, NOW)).rejects.toThrow(
      'the pipe has ended',
    );
    await expect(account.engine.startSession(bundle, key, peer.service, broken, NOW)).rejects.toThrow(
      'the pipe has ended',
    );
  });

  it('does not take a damaged prekey of mine for a fault of the message', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const envelope = await peer.write(bytesOf('hello'), account.aci);
    for (const space of ['prekey/ACI', 'signed-prekey/ACI', 'pq-prekey/ACI']) {
      const work = createWork(account.cells.view);
      for (const [key] of account.cells.all.values())
        if (key.space === space) {
          await work.get(key);
          work.put(key, Uint8Array.of(255, 255, 255));
        }
      await expect(receiveIn(account.engine, envelope, work, NOW)).rejects.toThrow();
    }
  });
});

describe('an identity', () => {
  it('that becomes another is told, and nothing is sealed in sessions under the old one', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const tablet = createRawParty({ service: peer.service, identity: peer.identity, device: 3 });
    await start(account, tablet, await tablet.bundle());
    const renewed = createRawParty({ service: peer.service });
    await renewed.meet(account.aci, account.keys.aci, 7);
    const told = opened(await account.receive(await renewed.write(bytesOf('new phone'), account.aci)));
    expect(told).toMatchObject({ identity: keyOf(renewed), identityWas: keyOf(peer), newSession: true });
    const { engine } = account;
    const work = createWork(account.cells.view);
    expect(await engine.identityOf(peer.service, work)).toBe(keyOf(renewed));
    expect(await engine.identityOf(peer.service, account.cells.view)).toBe(keyOf(renewed));
    expect(await engine.canSeal(deviceOf(renewed), work, NOW)).toBe(true);
    expect(await engine.canSeal(deviceOf(tablet), work, NOW)).toBe(false);
    const again = opened(await account.receive(await renewed.write(bytesOf('2'), account.aci)));
    expect(again.identityWas).toBeNull();
  });

  it('from a bundle that is another is told as well', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const renewed = createRawParty({ service: peer.service, device: 2 });
    expect(await start(account, renewed, await renewed.bundle())).toEqual({
      kind: 'started',
      identity: keyOf(renewed),
      identityWas: keyOf(peer),
    });
    const work = createWork(account.cells.view);
    expect(await account.engine.canSeal(deviceOf(peer), work, NOW)).toBe(false);
    expect(await forecast(account, peer, NOW)).toHaveLength(1);
    await expect(seal(account, 'hi', peer)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await renewed.read(await seal(account, 'hi', renewed), account.aci)).toBe('hi');
  });

  it('that a session is not under is not sealed for', async () => {
    const account = createAccount();
    const peer = await acquainted(account);
    const key = { space: 'identity/ACI', key: peer.service };
    const other = IdentityKeyPair.generate().publicKey.serialize();
    for (const value of [other, null]) {
      const work = createWork(account.cells.view);
      await work.get(key);
      work.put(key, value);
      await expect(account.engine.seal(bytesOf('hi'), deviceOf(peer), work, NOW)).rejects.toMatchObject({
        kind: 'not-found',
      });
    }
  });

  it('of mine is only mine: another key does not make a device of my account', async () => {
    const account = createAccount();
    const forger = createRawParty({ service: account.aci.service });
    await forger.meet(account.aci, account.keys.aci, 0);
    const result = await account.receive(await forger.write(bytesOf('forged'), account.aci));
    expect(result).toEqual({ kind: 'refused', why: 'untrusted-identity', retry: null });
    expect(await start(account, forger, await forger.bundle())).toEqual({
      kind: 'refused',
      why: 'bad-signature',
    });
    const phone = createRawParty({ service: account.aci.service, identity: account.identity });
    await phone.meet(account.aci, account.keys.aci, 1);
    opened(await account.receive(await phone.write(bytesOf('from my phone'), account.aci)));
  });

  it('is not known of a stranger', async () => {
    const { engine, cells } = createAccount();
    const { service } = createRawParty();
    expect(await engine.identityOf(service, cells.view)).toBeNull();
    expect(await engine.safetyNumber(service, createWork(cells.view))).toBeNull();
  });
});
