import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ABSENT } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';
import { encodeSelf, ownIdentities, readSelf, SELF, type Self } from './account-record.ts';
import { createRunning } from './running.ts';
import { createCoreDouble } from './test/lane-context.ts';
import { createOwnAccount } from './test/own-account.ts';

const { self } = createOwnAccount();
const workOf = (value: Uint8Array | null) =>
  createWork(createCoreDouble({ work: value ? [{ key: SELF, value, expect: ABSENT }] : [] }).context.view);

describe('my account', () => {
  test('is read as it was written', async () => {
    const read = await readSelf(workOf(encodeSelf(self)));
    expect(Buffer.from(encodeSelf(read))).toEqual(Buffer.from(encodeSelf(self)));
    expect(read.number).toBe(self.number);
    for (const other of [
      { ...self, number: null, accountEntropyPool: 'a'.repeat(64) },
      { ...self, environment: { kind: 'live' } as const },
      { ...self, identities: { ...self.identities, pni: null, pniIdentityKey: null } },
    ])
      expect(await readSelf(workOf(encodeSelf(other)))).toMatchObject({ password: self.password });
  });

  test('is not linked any more without a record', async () => {
    await expect(readSelf(workOf(null))).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('is corrupt with anything else in its place', async () => {
    const plain = decodeFrame(encodeSelf(self)) as Record<string, unknown>;
    const slips: readonly Record<string, unknown>[] = [
      { ...plain, password: undefined },
      { ...plain, extra: 1 },
      { ...plain, profileKey: 'text' },
      { ...plain, environment: { kind: 'elsewhere' } },
      { ...plain, identities: { ...self.identities, device: 0 } },
      { ...plain, identities: { ...self.identities, aciRegistrationId: 20_000 } },
    ];
    for (const slip of slips)
      await expect(readSelf(workOf(encodeFrame(slip)))).rejects.toMatchObject({ kind: 'corrupt' });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await expect(readSelf(workOf(bytes))).rejects.toMatchObject({ kind: 'corrupt' });
      }),
    );
  });

  test('gives the engine the trust roots of its own environment', () => {
    expect(ownIdentities(self).trustRoots).toEqual(
      self.environment.kind === 'local' ? self.environment.trustRoots : [],
    );
  });
});

describe('an account is run', () => {
  const run = (of: Partial<Self>, options: { readonly environment?: 'live' | 'test' } = {}) =>
    createRunning(
      createCoreDouble({
        ...options,
        work: [{ key: SELF, value: encodeSelf({ ...self, ...of }), expect: ABSENT }],
      }).context,
    );

  test('in a profile of its own environment only', async () => {
    await expect(run({})).resolves.toMatchObject({ connection: null });
    await expect(run({ environment: { kind: 'live' } }, { environment: 'live' })).resolves.toMatchObject({});
    await expect(run({}, { environment: 'live' })).rejects.toMatchObject({ kind: 'refused' });
    await expect(run({ environment: { kind: 'live' } })).rejects.toMatchObject({ kind: 'refused' });
  });

  test('over no proxy, since files would go past it', async () => {
    const core = createCoreDouble({ work: createOwnAccount().work });
    const context = { ...core.context, proxy: 'socks5://localhost:9050' };
    await expect(createRunning(context)).rejects.toMatchObject({ kind: 'refused' });
  });
});
