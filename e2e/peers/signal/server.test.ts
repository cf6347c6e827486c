import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSignalServer, type SignalServer } from './child.ts';

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

test('ends with its driver', async () => {
  const other = await startSignalServer();
  expect(existsSync(`/proc/${other.pid}`)).toBe(true);
  await other.stop();
  expect(existsSync(`/proc/${other.pid}`)).toBe(false);
  await expect(other.account('late')).rejects.toThrow('ended');
});
