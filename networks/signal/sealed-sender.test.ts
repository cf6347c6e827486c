import { beforeEach, describe, expect, test } from 'vitest';
import { accessKeyOf } from '../../crypto/signal/access-key.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { readProfile, unknownProfile, writeProfile, type ProfileRecord } from './profile-record.ts';
import { createSealedSender, type SealedSender } from './sealed-sender.ts';
import type { SignalService, Trouble } from './service/service.ts';
import { createCells } from './test/cells.ts';

const me = '00000000-0000-4000-8000-000000000001' as ServiceId;
const alice = '00000000-0000-4000-8000-00000000000a' as ServiceId;
const profileKey = new Uint8Array(32).fill(7);
const HOUR_MS = 60 * 60 * 1_000;

let state: ReturnType<typeof createCells>;
let sealedSender: SealedSender;
let fetched: number;
let trouble: Trouble | null;
beforeEach(() => {
  state = createCells();
  sealedSender = createSealedSender(me);
  fetched = 0;
  trouble = null;
});

const via = {
  senderCertificate: async () =>
    trouble ?? { kind: 'certificate' as const, bytes: Uint8Array.of((fetched += 1)) },
} as SignalService;
const know = (profile: Partial<ProfileRecord>, service = alice) =>
  state.run(async (work) => {
    await readProfile(work, service);
    writeProfile(work, service, { ...unknownProfile, ...profile });
  });
const access = (now: number, service = alice) =>
  state.run((work) => sealedSender.access(service, work, via, now));

test('needs a profile key, or somebody who takes it from anybody', async () => {
  expect(await access(1)).toBeNull();
  await know({ profileKey });
  expect(await access(1)).toMatchObject({ accessKey: accessKeyOf(profileKey) });
  await know({ sealed: 'anybody' });
  expect(await access(1)).toMatchObject({ accessKey: new Uint8Array(16) });
  await know({ profileKey, sealed: 'never' });
  expect(await access(1)).toBeNull();
  expect(fetched).toBe(1);
});

test.each([me, `PNI:${alice}` as ServiceId])('is never used with %s', async (service) => {
  await know({ profileKey }, service);
  expect(await access(1, service)).toBeNull();
  expect(await state.run((work) => sealedSender.possible(service, work, 1))).toBe(false);
});

describe('the certificate', () => {
  test('that a clock ahead of time asked for is not used once the clock is put right', async () => {
    await know({ profileKey });
    await access(72 * HOUR_MS);
    await access(30 * HOUR_MS);
    expect(fetched).toBe(2);
  });

  test('is kept for an hour, and asked for once by many', async () => {
    await know({ profileKey });
    await Promise.all([access(1), access(1), access(1)]);
    expect(fetched).toBe(1);
    await access(HOUR_MS);
    expect(fetched).toBe(1);
    await access(HOUR_MS + 1);
    expect(fetched).toBe(2);
  });

  test('that is not to be had stops the sending: a passing trouble must not show who writes', async () => {
    await know({ profileKey });
    trouble = { kind: 'offline' };
    expect(await access(1)).toEqual({ kind: 'offline' });
    trouble = null;
    expect(await access(1)).toMatchObject({ kind: 'access' });
  });
});

test('an access key that was not taken rests for a day; another one is tried at once', async () => {
  await know({ profileKey });
  sealedSender.denied(alice, accessKeyOf(profileKey), 1);
  expect(await access(24 * HOUR_MS)).toBeNull();
  expect(await access(24 * HOUR_MS + 1)).not.toBeNull();
  sealedSender.denied(alice, accessKeyOf(profileKey), 1);
  await know({ profileKey: new Uint8Array(32).fill(8) });
  expect(await access(2)).not.toBeNull();
});
