import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSignalServer, type Account, type SignalServer } from './child.ts';

let server: SignalServer;
beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());

test('listens on this machine and says whom to trust', () => {
  expect(server.environment.port).toBeGreaterThan(1_024);
  expect(server.environment.trustRoots.length).toBeGreaterThan(0);
});

test('makes accounts with and without a number', async () => {
  const alice = await server.account('Alice');
  const phone = await server.account('Me', { contacts: [alice], number: false });
  expect(alice).toMatchObject({ name: 'Alice', number: expect.stringMatching(/^\+/) });
  expect(phone).toMatchObject({ number: null, pni: null });
  expect(alice.profileKey).toHaveLength(32);
  await expect(server.next(alice, 'message', 50)).rejects.toThrow('no message came');
});

test('two phones show the same safety number, and another once a key became another', async () => {
  const alice = await server.account('Alice');
  const bob = await server.account('Bob');
  const number = async (of: Account, other: Account): Promise<string> =>
    (await server.call('safetyNumber', { account: of.id, with: other.id })).digits;
  const shown = await number(alice, bob);
  expect(shown).toMatch(/^\d{60}$/);
  expect(await number(bob, alice)).toBe(shown);
  await server.call('changeIdentity', { account: bob.id });
  const later = await number(alice, bob);
  expect(later).not.toBe(shown);
  expect(await number(bob, alice)).toBe(later);
});

test('ends with its driver', async () => {
  const other = await startSignalServer();
  expect(existsSync(`/proc/${other.pid}`)).toBe(true);
  await other.stop();
  expect(existsSync(`/proc/${other.pid}`)).toBe(false);
  await expect(other.account('late')).rejects.toThrow('ended');
});
