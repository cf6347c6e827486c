import { KEMPublicKey, PublicKey } from '@signalapp/libsignal-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import { encodeList, idAfter, listKey, MAX_ID, readList } from './prekey-list.ts';
import type { PreKeyUpload } from './prekeys.ts';
import { acquainted, bytesOf, createAccount, NOW, opened, refusal, type Account } from './test/account.ts';
import { createRawParty } from './test/raw-party.ts';
import { BATCH_KEYS, firstKeys, FEW_KEYS, QUEUE_MS, ROTATE_AFTER_MS, UNUSED_AFTER_MS } from './upkeep.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const enough = { ec: FEW_KEYS, pq: FEW_KEYS };

const upkeep = (account: Account, now: number, counts = enough, local: 'ACI' | 'PNI' = 'ACI') =>
  account.cells.run((work) => account.engine.upkeep(local, counts, work, now));

const count = ({ cells }: Account, space: string): number =>
  [...cells.all.values()].filter(([key]) => key.space === space).length;

function must(upload: PreKeyUpload | null): PreKeyUpload {
  if (upload === null) throw new Error('nothing to upload');
  return upload;
}

describe('the first keys', () => {
  it('are a full set for both identities, signed by each', () => {
    const { keys, aci, pni } = createAccount();
    expect(keys.pni).not.toBeNull();
    for (const [upload, me] of [
      [keys.aci, aci],
      [keys.pni ?? keys.aci, pni],
    ] as const) {
      expect(upload.preKeys).toHaveLength(100);
      expect(upload.pqPreKeys).toHaveLength(100);
      const identity = PublicKey.deserialize(Uint8Array.from(me.key));
      const signed = [...upload.pqPreKeys, upload.signedPreKey, upload.pqLastResortPreKey];
      for (const { key, signature } of signed)
        expect(identity.verify(Uint8Array.from(key), Uint8Array.from(signature))).toBe(true);
      for (const { key } of upload.preKeys) expect(key).toHaveLength(33);
      KEMPublicKey.deserialize(Uint8Array.from(upload.pqLastResortPreKey.key));
      const pqIds = [...upload.pqPreKeys, upload.pqLastResortPreKey].map(({ id }) => id);
      expect(new Set(pqIds).size).toBe(101);
      expect(new Set([...upload.preKeys, upload.signedPreKey].map(({ id }) => id)).size).toBe(101);
      for (const id of pqIds) expect(id >= 1 && id <= MAX_ID).toBe(true);
    }
    const ids = (of: PreKeyUpload | null) => of?.preKeys.map(({ key }) => Buffer.from(key).toString('hex'));
    expect(ids(keys.aci)).not.toEqual(ids(keys.pni));
  });

  it('of an account without a number are of one identity', () => {
    const { identities } = createAccount();
    const made = firstKeys({ ...identities, pniIdentityKey: null }, NOW);
    expect(made.pni).toBeNull();
    expect(made.work.every(({ key, expect: version }) => !key.space.endsWith('PNI') && version === 0)).toBe(
      true,
    );
  });

  it('hold no private half in what is told', () => {
    const { keys, cells } = createAccount();
    const told = Buffer.from(
      JSON.stringify(keys.aci, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ),
    ).toString();
    const id = keys.aci.preKeys[0]?.id;
    const cell = cells.all.get(`prekey/ACI|${id}`)?.[1].value;
    // PreKeyRecord: field 3 is the private key, its last 32 bytes.
    expect(told).not.toContain(
      Buffer.from(cell ?? [])
        .subarray(-32)
        .toString('hex'),
    );
  });
});

describe('upkeep', () => {
  it('does nothing while there are enough, and they are fresh', async () => {
    const account = createAccount();
    const before = [...account.cells.all];
    expect(await upkeep(account, NOW + ROTATE_AFTER_MS)).toBeNull();
    expect(await upkeep(account, NOW, { ec: Number.NaN, pq: 5_000 })).toBeNull();
    expect([...account.cells.all]).toEqual(before);
  });

  it('makes a batch of what is running out, and no more', async () => {
    const account = createAccount();
    const ec = must(await upkeep(account, NOW, { ec: FEW_KEYS - 1, pq: FEW_KEYS }));
    expect([ec.preKeys.length, ec.pqPreKeys.length]).toEqual([BATCH_KEYS, 0]);
    // So that whatever went up shows by them (repeated-keys.ts).
    expect([ec.signedPreKey, ec.pqLastResortPreKey]).not.toContain(null);
    const pq = must(await upkeep(account, NOW, { ec: FEW_KEYS, pq: 0 }, 'PNI'));
    expect([pq.preKeys.length, pq.pqPreKeys.length]).toEqual([0, BATCH_KEYS]);
    expect(count(account, 'prekey/ACI')).toBe(200);
    expect(count(account, 'pq-prekey/PNI')).toBe(202);
    // They work, and so do those before.
    for (const [upload, take] of [
      [{ ...account.keys.aci, preKeys: ec.preKeys }, 3],
      [account.keys.aci, 4],
    ] as const) {
      const peer = createRawParty();
      await peer.meet(account.aci, upload, take);
      opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    }
  });

  it('replaces signed and last-resort keys, and keeps the old ones while a message may be under way', async () => {
    const account = createAccount();
    const early = createRawParty();
    await early.meet(account.aci, account.keys.aci, null);
    const envelope = await early.write(bytesOf('made early'), account.aci);
    const rotated = NOW + ROTATE_AFTER_MS + 1;
    const upload = must(await upkeep(account, rotated));
    expect(upload).toMatchObject({ preKeys: [], pqPreKeys: [] });
    expect(upload.signedPreKey?.id).not.toBe(account.keys.aci.signedPreKey.id);
    expect(await upkeep(account, rotated + 1)).toBeNull();
    await upkeep(account, rotated + QUEUE_MS);
    expect(refusal(await account.receive(envelope))).toBe('opened');
    expect(count(account, 'pq-used/ACI')).toBe(1);
    const later = createRawParty();
    await later.meet(account.aci, account.keys.aci, null);
    const tooLate = await later.write(bytesOf('too late'), account.aci);
    await upkeep(account, rotated + QUEUE_MS + 1);
    expect(refusal(await account.receive(tooLate))).toBe('no-prekey');
    // Its uses went with it.
    expect(count(account, 'pq-used/ACI')).toBe(0);
  });

  it('does not let rotation grow: what stays is what one queue time holds', async () => {
    const account = createAccount();
    let now = NOW;
    for (let day = 0; day < 200; day += 2) {
      now += 2 * DAY_MS;
      await upkeep(account, now);
    }
    const most = QUEUE_MS / (2 * DAY_MS) + 2;
    expect(count(account, 'signed-prekey/ACI')).toBeLessThanOrEqual(most);
    expect(count(account, 'signed-prekey/ACI')).toBeGreaterThan(most - 3);
  });

  it('keeps old one-time keys until there are newer ones, and they are too old', async () => {
    const account = createAccount();
    const old = NOW + UNUSED_AFTER_MS + 1;
    await upkeep(account, old, { ec: 0, pq: 0 });
    expect(count(account, 'prekey/ACI')).toBe(200);
    await upkeep(account, old, { ec: 0, pq: 0 });
    expect(count(account, 'prekey/ACI')).toBe(200);
    const list = await readList(createWork(account.cells.view), 'ACI');
    expect(list?.batches.map(({ madeAt }) => madeAt)).toEqual([old, old]);
    expect(list?.pqBatches).toHaveLength(2);
    // A server that always says there are none does not fill the disk.
    for (let at = 0; at < 110; at++) await upkeep(account, old, { ec: 0, pq: FEW_KEYS });
    expect(count(account, 'prekey/ACI')).toBe(5_000);
    expect(count(account, 'signed-prekey/ACI')).toBe(100);
  });

  it('only tidies, when that is all there is to do', async () => {
    const account = createAccount();
    await upkeep(account, NOW, { ec: 0, pq: FEW_KEYS });
    await upkeep(account, NOW, { ec: 0, pq: FEW_KEYS });
    const late = NOW + UNUSED_AFTER_MS;
    await upkeep(account, late);
    expect(count(account, 'prekey/ACI')).toBe(300);
    expect(await upkeep(account, late + 1)).toBeNull();
    expect(count(account, 'prekey/ACI')).toBe(200);
    expect(await upkeep(account, late + 1 + QUEUE_MS)).not.toBeNull();
    expect(await upkeep(account, late + 1 + QUEUE_MS)).toBeNull();
  });

  it('replaces keys of a time that a corrected clock took back', async () => {
    const account = createAccount();
    must(await upkeep(account, NOW - DAY_MS));
    expect(await upkeep(account, NOW - DAY_MS)).toBeNull();
  });

  it('makes everything where there is no list yet', async () => {
    const account = createAccount();
    await account.cells.run(async (work) => {
      await work.get(listKey('ACI'));
      work.put(listKey('ACI'), null);
    });
    const upload = must(await upkeep(account, NOW, { ec: 0, pq: 0 }));
    expect(upload.preKeys).toHaveLength(BATCH_KEYS);
    expect(upload.signedPreKey).not.toBeNull();
  });

  it('does not read a damaged list', async () => {
    const account = createAccount();
    for (const value of [Uint8Array.of(1), Uint8Array.of(0xc1), encodeList({ nextId: 0 } as never)]) {
      const work = createWork(account.cells.view);
      await work.get(listKey('ACI'));
      work.put(listKey('ACI'), value);
      await expect(account.engine.upkeep('ACI', enough, work, NOW)).rejects.toMatchObject({
        kind: 'corrupt',
      });
    }
  });
});

describe('ids', () => {
  it('have 24 bits, go round, and are never 0', () => {
    expect(idAfter(MAX_ID, 1)).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_ID }), fc.nat(200), (id, by) => {
        const next = idAfter(id, by);
        expect(next >= 1 && next <= MAX_ID).toBe(true);
        expect((next - id + MAX_ID) % MAX_ID).toBe(by % MAX_ID);
      }),
    );
  });

  it('that go round are found again', async () => {
    const account = createAccount();
    await account.cells.run(async (work) => {
      const list = await readList(work, 'ACI');
      if (list === null) throw new Error('no list');
      work.put(listKey('ACI'), encodeList({ ...list, nextId: MAX_ID - 1, nextPqId: MAX_ID - 1 }));
    });
    const upload = must(await upkeep(account, NOW, { ec: 0, pq: 0 }));
    expect(upload.preKeys.slice(0, 4).map(({ id }) => id)).toEqual([MAX_ID - 1, MAX_ID, 1, 2]);
    const peer = createRawParty();
    const { preKeys, pqPreKeys } = upload;
    await peer.meet(account.aci, { ...account.keys.aci, preKeys, pqPreKeys }, 3);
    opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    expect(count(account, 'prekey/ACI')).toBe(199);
  });
});

describe('the last-resort key', () => {
  it('opens many sessions, and none twice', async () => {
    const account = createAccount();
    const { engine, cells } = account;
    const [a, b] = [createRawParty(), createRawParty()];
    const envelopes = [];
    for (const peer of [a, b]) {
      await peer.meet(account.aci, account.keys.aci, null);
      envelopes.push(await peer.write(bytesOf('hello'), account.aci));
    }
    for (const envelope of envelopes) opened(await account.receive(envelope));
    const [first] = envelopes;
    if (first === undefined) throw new Error('none');
    expect(refusal(await account.receive(first))).toBe('duplicate');
    // Once the session is gone, libsignal alone would open it again.
    await cells.run(async (work) => {
      await engine.devices(a.service, work);
      engine.forget({ service: a.service, device: 1 }, work);
    });
    expect(await account.receive(first)).toEqual({ kind: 'refused', why: 'replayed-prekey', retry: null });
    expect(await engine.devices(a.service, createWork(cells.view))).toEqual([]);
  });

  it('is not used up by others', async () => {
    const account = createAccount();
    await acquainted(account, 0);
    expect(count(account, 'pq-prekey/ACI')).toBe(100);
    const peer = createRawParty();
    await peer.meet(account.aci, account.keys.aci, null);
    opened(await account.receive(await peer.write(bytesOf('hello'), account.aci)));
    expect(count(account, 'pq-prekey/ACI')).toBe(100);
  });
});
