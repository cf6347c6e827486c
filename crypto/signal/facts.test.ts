import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { label } from '../../shared/label/rules.ts';
import { createWork } from '../../shared/lane/work.ts';
import { detailsOf, sessionFacts } from './facts.ts';
import { innerOf, ratchetKeyOf, shownBy, shownByRead } from './ratchet-message.ts';
import type { Proven } from './session-cell.ts';
import { acquainted, bytesOf, createAccount, NOW, opened } from './test/account.ts';
import { createRawParty } from './test/raw-party.ts';
import { PrivateKey, SignalMessage } from '@signalapp/libsignal-client';

const DAY_MS = 24 * 60 * 60 * 1_000;
const installed = (
  JSON.parse(
    readFileSync(
      new URL('../../node_modules/@signalapp/libsignal-client/package.json', import.meta.url),
      'utf8',
    ),
  ) as { version: string }
).version;

describe('the facts of a session', () => {
  it('are those of the Signal protocol, and label it private', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const { facts } = opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    const from = { asOf: NOW, by: 'session' };
    expect(facts).toEqual({
      endToEnd: { is: true, ...from },
      otherKeyHolders: { is: [], ...from },
      forwardSecrecy: { is: { withinMs: 0 }, ...from },
      recovery: { is: { withinMs: 0 }, ...from },
      postQuantum: { is: 'ongoing', ...from },
      authenticated: { is: true, ...from },
      exposed: { is: [], ...from },
      engine: { is: { name: 'libsignal', version: installed, review: 'audited' }, ...from },
    });
    const of = {
      network: 'signal',
      protocol: 'signal',
      testNetwork: false,
      facts: [facts],
      identity: { kind: 'one', trust: { kind: 'unchecked' } },
      hold: null,
      now: NOW,
    } as const;
    expect(label(of).readers).toEqual({ kind: 'members' });
  });

  it('say how long ago the other side last answered', async () => {
    const account = createAccount();
    const { engine, cells } = account;
    const peer = await acquainted(account);
    const to = { service: peer.service, device: 1 };
    const recovery = async (now: number) => {
      const [facts] = await engine.forecast(peer.service, createWork(cells.view), now);
      return facts?.recovery === 'unknown' ? null : facts?.recovery.is.withinMs;
    };
    expect(await recovery(NOW)).toBe(0);
    expect(await recovery(NOW + DAY_MS)).toBe(DAY_MS);
    // A clock that was put back.
    expect(await recovery(NOW - DAY_MS)).toBe(0);
    // They answer what I sealed: that is a turn. They write on: that is none.
    opened(await account.receive(await peer.write(bytesOf('answer'), account.aci), NOW + 2 * DAY_MS));
    expect(await recovery(NOW + 3 * DAY_MS)).toBe(DAY_MS);
    opened(await account.receive(await peer.write(bytesOf('more'), account.aci), NOW + 3 * DAY_MS));
    expect(await recovery(NOW + 3 * DAY_MS)).toBe(DAY_MS);
    // Neither is my writing, however much, nor what they wrote before they had it.
    const crossed = await peer.write(bytesOf('crossed'), account.aci);
    for (const text of ['1', '2'])
      await cells.run((work) => engine.seal(bytesOf(text), to, work, NOW + 4 * DAY_MS));
    const late = opened(await account.receive(crossed, NOW + 4 * DAY_MS));
    expect(late.facts.recovery).toMatchObject({ is: { withinMs: 2 * DAY_MS } });
    const last = await cells.run((work) => engine.seal(bytesOf('3'), to, work, NOW + 4 * DAY_MS));
    expect(last.facts.recovery).toMatchObject({ is: { withinMs: 2 * DAY_MS } });
    await peer.read(last, account.aci);
    const answer = await account.receive(await peer.write(bytesOf('yes'), account.aci), NOW + 5 * DAY_MS);
    expect(opened(answer).facts.recovery).toMatchObject({ is: { withinMs: 0 } });
  });

  it('claim of a session that has sealed nothing only what its handshake was', async () => {
    const account = createAccount();
    const { engine, cells } = account;
    const peer = createRawParty();
    const key = peer.identity.publicKey.serialize();
    const bundle = await peer.bundle();
    await cells.run((work) => engine.startSession(bundle, key, peer.service, work, NOW));
    const forecast = () => engine.forecast(peer.service, createWork(cells.view), NOW);
    expect(await forecast()).toMatchObject([{ postQuantum: { is: 'handshake' } }]);
    const to = { service: peer.service, device: 1 };
    const sealed = await cells.run((work) => engine.seal(bytesOf('hi'), to, work, NOW));
    expect(sealed.facts.postQuantum).toMatchObject({ is: 'ongoing' });
    expect(await forecast()).toMatchObject([{ postQuantum: { is: 'ongoing' } }]);
    expect(sealed.details).toEqual([
      { name: 'suite', value: 'PQXDH, Triple Ratchet' },
      { name: 'step', value: '0' },
      { name: 'own-key', value: Buffer.from(account.aci.key).toString('hex') },
      { name: 'peer-key', value: Buffer.from(key).toString('hex') },
    ]);
  });

  it('of nobody are none', async () => {
    const { engine, cells } = createAccount();
    expect(await engine.forecast(createRawParty().service, createWork(cells.view), NOW)).toEqual([]);
  });

  it('AT-06 do not claim what no message proved', () => {
    expect(sessionFacts({ proven: 'nothing', turnedAt: NOW }, NOW).postQuantum).toBe('unknown');
    expect(sessionFacts({ proven: 'handshake', turnedAt: NOW }, NOW).postQuantum).toMatchObject({
      is: 'handshake',
    });
    const at = { step: 3, ownKey: 'a', peerKey: 'b', sealed: false } as const;
    const suite = (proven: Proven) => detailsOf({ ...at, proven })[0]?.value;
    expect(suite('nothing')).toBe('Double Ratchet');
    expect(suite('handshake')).toBe('PQXDH, Double Ratchet');
    expect(suite('ongoing')).toBe('PQXDH, Triple Ratchet');
    expect(detailsOf({ ...at, proven: 'ongoing' })).toContainEqual({ name: 'sealed-sender', value: 'no' });
  });
});

describe('a ratchet message', () => {
  const made = (version: number, pqRatchet: number[]) => {
    const [a, b, c] = [1, 2, 3].map(() => PrivateKey.generate().getPublicKey());
    if (!a || !b || !c) throw new Error('none');
    const [mac, text] = [new Uint8Array(32), bytesOf('x')];
    return {
      key: a.serialize(),
      // oxlint-disable-next-line no-underscore-dangle -- the only way to make one of an older version
      message: SignalMessage._new(version, mac, a, 7, 6, text, b, c, Uint8Array.from(pqRatchet)),
    };
  };

  it('shows its step, and what its session proves', () => {
    expect(shownByRead(made(3, []).message)).toEqual({ step: 7, proven: 'nothing' });
    expect(shownByRead(made(3, [1]).message)).toEqual({ step: 7, proven: 'nothing' });
    expect(shownByRead(made(4, []).message)).toEqual({ step: 7, proven: 'handshake' });
    const { message, key } = made(4, [1, 1]);
    expect(shownBy(message.serialize())).toEqual({ step: 7, proven: 'ongoing' });
    expect(ratchetKeyOf(message.serialize())).toEqual(key);
  });

  it('is inside a prekey message, or is not', async () => {
    const account = createAccount();
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, 0);
    const bytes = (await peer.cipher(bytesOf('a'), account.aci)).serialize();
    const inner = innerOf(bytes);
    expect(inner === null ? null : shownBy(inner)).toEqual({ step: 0, proven: 'ongoing' });
    expect(innerOf(Uint8Array.of(0x44))).toBeNull();
    expect(innerOf(Uint8Array.of(0x44, 0x22, 9))).toBeNull();
    expect(ratchetKeyOf(Uint8Array.of(0x44))).toBeNull();
  });
});
