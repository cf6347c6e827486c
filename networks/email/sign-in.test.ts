import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import type { FlowAnswer } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { runFlow } from './test/lane-context.ts';
import { openMailServer, openPlainseal, type Plainseal } from './test/world.ts';

let server: MailServer;
let me: Plainseal;
let count = 0;
beforeAll(async () => {
  server = await openMailServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  count += 1;
  me = await openPlainseal(server, `me${count}@example.org`);
});
afterEach(async () => {
  server.faults.disarmAll();
  await me.stop();
});

const typed = (password: string): FlowAnswer => ({ kind: 'fields', values: { password } });
const signIn = (...passwords: readonly string[]) =>
  runFlow(me.lane, { kind: 'sign-in' }, me.core.context, passwords.map(typed));
const stored = async () => (await readSelf(createWork(me.core.context.view), Date.now())).account.password;
const lastStatus = () => me.core.statuses.at(-1);

/** The provider has another password, and has shown me the door. */
async function lockedOut(): Promise<void> {
  server.changePassword(me.address, 'the new one');
  server.dropConnections();
  await me.core.waitUntil('needs a person', () => lastStatus()?.kind === 'needs-person');
}

test('another password is taken once the servers take it, and mail goes on at once', async () => {
  await lockedOut();
  const { steps } = await signIn('the new one');
  expect(steps).toEqual([
    { kind: 'ask', fields: [{ name: 'password', secret: true, value: '' }], why: null },
    { kind: 'progress', stage: 'login' },
    { kind: 'done', conversation: null, peer: null },
  ]);
  await me.core.waitUntil('online', () => lastStatus()?.kind === 'online');
  expect(await stored()).toBe('the new one');
});

test('a wrong one, or none, is asked for again, and the stored one stays', async () => {
  const { steps } = await signIn('wrong', '');
  expect(steps.flatMap((step) => (step.kind === 'ask' ? [step.why] : []))).toEqual([
    null,
    'login-refused',
    'login-refused',
  ]);
  expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
  expect(await stored()).toBe('pw');
  expect(lastStatus()?.kind).toBe('online');
});

test('it is not offered for ever: servers lock accounts', async () => {
  const { steps } = await signIn(...Array.from({ length: 9 }, () => 'wrong'));
  expect(steps.filter(({ kind }) => kind === 'ask')).toHaveLength(5);
  expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'too-many-tries' });
});

test('one that the submission server does not take is not stored', async () => {
  server.changePassword(me.address, 'the new one');
  server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
  const { steps } = await signIn('the new one');
  expect(steps.at(-2)).toMatchObject({ kind: 'ask', why: 'login-refused' });
  expect(await stored()).toBe('pw');
});

test('a server that is away says so', async () => {
  await server.goOffline();
  try {
    const { steps } = await signIn('pw');
    expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'server-unreachable' });
    expect(await stored()).toBe('pw');
  } finally {
    await server.goOnline();
  }
});
