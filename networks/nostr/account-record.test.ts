import { expect, test } from 'vitest';
import type { StateView } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { encodeFrame } from '../../shared/wire/codec.ts';
import { ACCOUNT, readSelf, writeAccount, type Account } from './account-record.ts';
import { toHex } from './hex.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { freshSlot } from './marmot/key-package-event.ts';
import type { RelayUrl } from './relay-url.ts';

const empty: StateView = { get: async () => null, scan: async () => [] };
const account: Account = {
  secret: freshSecretKey(),
  displayName: 'Me',
  write: ['wss://a.example' as RelayUrl],
  inbox: ['wss://b.example' as RelayUrl],
  slot: freshSlot(),
  origin: 'made',
  writtenDownAt: null,
  ca: null,
};

test('an account reads back, with its public key', async () => {
  const work = createWork(empty);
  await writeAccount(work, account);
  expect(work.writes()).toHaveLength(1);
  expect(await readSelf(work)).toEqual({ ...account, key: publicKeyOf(account.secret) });
});

test('what does not read is corrupt, and the error does not hold the key', async () => {
  await expect(readSelf(createWork(empty))).rejects.toMatchObject({ kind: 'corrupt' });
  const bad: readonly object[] = [
    {},
    { ...account, secret: new Uint8Array(32) },
    { ...account, secret: account.secret.subarray(1) },
    { ...account, secret: toHex(account.secret) },
    { ...account, write: ['https://a.example'] },
    { ...account, slot: 'x' },
    { ...account, origin: 'found' },
  ];
  for (const value of bad) {
    const work = createWork(empty);
    await work.get(ACCOUNT);
    work.put(ACCOUNT, encodeFrame(value));
    const error: unknown = await readSelf(work).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'corrupt' });
    expect((error as Error).cause).toBeUndefined();
  }
});
