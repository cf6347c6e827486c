import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StateWrite } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { DeviceBundle } from './engine.ts';
import type { PreKeyUpload, SignedPublicPreKey } from './prekeys.ts';
import { isAfter, idAfter, MAX_ID } from './prekey-list.ts';
import { createAccount, NOW, type Account } from './test/account.ts';
import { createCells, type Cells } from './test/cells.ts';
import { createRawParty } from './test/raw-party.ts';
import { ROTATE_AFTER_MS } from './upkeep.ts';

/** A server that has the keys of one device: what it was given last, the one-time ones in order. */
interface KeyServer {
  take(upload: PreKeyUpload): void;
  check(digest: Uint8Array): boolean;
  hand(): Pick<DeviceBundle, 'signedPreKey' | 'pqPreKey'>;
  counts(): { readonly ec: number; readonly pq: number };
}

function createKeyServer({ keys, aci }: Account): KeyServer {
  let { signedPreKey: signed, pqLastResortPreKey: lastResort } = keys.aci;
  let [ec, pq] = [keys.aci.preKeys.length, [...keys.aci.pqPreKeys]];
  const numbered = ({ id, key }: SignedPublicPreKey): Uint8Array[] => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(id, 4);
    return [bytes, key];
  };
  return {
    take(upload) {
      signed = upload.signedPreKey ?? signed;
      lastResort = upload.pqLastResortPreKey ?? lastResort;
      if (upload.preKeys.length > 0) ec = upload.preKeys.length;
      if (upload.pqPreKeys.length > 0) pq = [...upload.pqPreKeys];
    },
    check: (digest) =>
      createHash('sha256')
        .update(Buffer.concat([aci.key, ...numbered(signed), ...numbered(lastResort)]))
        .digest()
        .equals(digest),
    hand() {
      ec = Math.max(0, ec - 1);
      return { signedPreKey: signed, pqPreKey: pq.shift() ?? lastResort };
    },
    counts: () => ({ ec, pq: pq.length }),
  };
}

/** A state as an image has it. */
const copyOf = (cells: Cells): Cells => {
  const copy = createCells();
  copy.commit([...cells.all.values()].map(([key, { value }]): StateWrite => ({ key, value, expect: 0 })));
  return copy;
};

/** As the lane looks: by the digest first, then at what the server hands out. */
async function look({ engine, aci }: Account, cells: Cells, server: KeyServer) {
  const work = createWork(cells.view);
  const digest = await engine.repeatedKeysDigest(work);
  if (digest === null) throw new Error('no keys');
  if (server.check(digest)) return 'same';
  return (await engine.isMadeElsewhere(aci.key, server.hand(), work)) ? 'newer' : 'older';
}

const upkeep = (account: Account, cells: Cells, server: KeyServer, now: number, lacksNewest = false) =>
  cells.run((work) => account.engine.upkeep('ACI', { ...server.counts(), lacksNewest }, work, now));

describe('a state put back', () => {
  it('is told by keys it never made, however far the one that went on has come', async () => {
    const account = createAccount();
    const server = createKeyServer(account);
    const image = copyOf(account.cells);
    for (let n = 1; n <= 3; n += 1) {
      const upload = await upkeep(account, account.cells, server, NOW + n * (ROTATE_AFTER_MS + 1));
      if (upload === null) throw new Error('nothing was made');
      server.take(upload);
      expect(await look(account, account.cells, server)).toBe('same');
      expect(await look(account, image, server)).toBe('newer');
    }
  });

  it('is told also where it made keys of the same ids since', async () => {
    const account = createAccount();
    const server = createKeyServer(account);
    const image = copyOf(account.cells);
    const upload = await upkeep(account, account.cells, server, NOW + ROTATE_AFTER_MS + 1);
    if (upload === null) throw new Error('nothing was made');
    server.take(upload);
    const twin = await upkeep(account, image, server, NOW + ROTATE_AFTER_MS + 1);
    expect(twin?.signedPreKey?.id).toBe(upload.signedPreKey?.id);
    expect(await look(account, image, server)).toBe('newer');
  });

  it('is not told by what another signed, or under another identity of the account', async () => {
    const account = createAccount();
    const image = copyOf(account.cells);
    const work = createWork(image.view);
    const { engine, aci } = account;
    const stranger = createRawParty();
    const theirs = await stranger.bundle();
    const list = await engine.upkeep(
      'ACI',
      { ec: 100, pq: 100, lacksNewest: true },
      createWork(image.view),
      NOW,
    );
    if (!list?.signedPreKey || !list.pqLastResortPreKey) throw new Error('nothing was made');
    const mine = { signedPreKey: list.signedPreKey, pqPreKey: list.pqLastResortPreKey };
    expect(await engine.isMadeElsewhere(aci.key, mine, work)).toBe(true);
    const { id } = mine.signedPreKey;
    const forged = { ...mine, signedPreKey: { ...theirs.signedPreKey, id } };
    expect(
      await engine.isMadeElsewhere(aci.key, { ...theirs, ...forged, pqPreKey: theirs.pqPreKey }, work),
    ).toBe(false);
    expect(await engine.isMadeElsewhere(stranger.identity.publicKey.serialize(), mine, work)).toBe(false);
  });
});

describe('a state that goes on', () => {
  /** What can happen to one upkeep: nothing of it, the commit alone, both with the answer lost, both. */
  const fates = ['cut-before-commit', 'cut-before-upload', 'half-taken', 'answer-lost', 'done'] as const;

  it('is never told to be put back, wherever it was cut off between making and uploading', async () => {
    const step = fc.record({
      fate: fc.constantFrom(...fates),
      waitMs: fc.integer({ min: 0, max: 3 * ROTATE_AFTER_MS }),
      used: fc.integer({ min: 0, max: 120 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const account = createAccount();
        const { cells } = account;
        const server = createKeyServer(account);
        let now = NOW;
        for (const { fate, waitMs, used } of steps) {
          now += waitMs;
          for (let n = 0; n < used; n += 1) server.hand();
          // Every start begins so: what was left over is only known by looking.
          const seen = await look(account, cells, server);
          expect(seen).not.toBe('newer');
          if (fate === 'cut-before-commit') continue;
          const upload = await upkeep(account, cells, server, now, seen === 'older');
          if (upload === null || fate === 'cut-before-upload') continue;
          // The server keeps each kind by itself, and may fail between two of them.
          server.take(
            fate === 'half-taken' ? { ...upload, pqLastResortPreKey: null, pqPreKeys: [] } : upload,
          );
          if (fate === 'done') expect(await look(account, cells, server)).toBe('same');
        }
        expect(await look(account, cells, server)).not.toBe('newer');
      }),
      { numRuns: 15 },
    );
  });

  it('uploads anew what did not get there', async () => {
    const account = createAccount();
    const server = createKeyServer(account);
    await upkeep(account, account.cells, server, NOW + ROTATE_AFTER_MS + 1);
    expect(await look(account, account.cells, server)).toBe('older');
    const upload = await upkeep(account, account.cells, server, NOW + ROTATE_AFTER_MS + 2, true);
    if (upload === null) throw new Error('nothing was made');
    server.take(upload);
    expect(await look(account, account.cells, server)).toBe('same');
  });
});

describe('ids that go round', () => {
  it('are after another until half way round', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_ID }),
        fc.integer({ min: 0, max: (MAX_ID - 3) / 2 }),
        (from, by) => {
          expect(isAfter(idAfter(from, by), from)).toBe(true);
          expect(isAfter(from, idAfter(from, by + 1))).toBe(false);
        },
      ),
    );
  });
});
