import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../../e2e/peers/certificate.ts';
import { startRelay } from '../../e2e/peers/nostr/relay.ts';
import type { Relay, RelayOptions } from '../../e2e/peers/nostr/relay.ts';
import type { AccountSetup, FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf, type Self } from './account-record.ts';
import { signEvent } from './event.ts';
import { toHex } from './hex.ts';
import { npub, nsec } from './key-code.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { exportKey } from './own-key.ts';
import { inboxListDraft, RELAY_LIST_KIND } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';
import { addAccount } from './setup.ts';
import { setupContext } from './test/lane-context.ts';

const running: Relay[] = [];
afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
});
async function start(options?: RelayOptions): Promise<Relay> {
  const relay = await startRelay(options);
  running.push(relay);
  return relay;
}

/** Runs the flow with answers to its questions; a missing answer cancels. */
async function add(
  args: Readonly<Record<string, string>>,
  answers: readonly FlowAnswer[] = [],
  context = setupContext(),
): Promise<{ readonly steps: readonly FlowStep[]; readonly setup: AccountSetup | null }> {
  const flow = addAccount(args, context, new AbortController().signal);
  const steps: FlowStep[] = [];
  const left = [...answers];
  let next = await flow.next();
  while (next.done !== true) {
    steps.push(next.value);
    next = await flow.next(
      next.value.kind === 'ask' || next.value.kind === 'ask-key' ? left.shift() : undefined,
    );
  }
  return { steps, setup: next.value };
}

/** The account a setup would store. */
async function stored(setup: AccountSetup | null): Promise<Self> {
  if (setup === null) throw new Error('no account');
  const cells = new Map(setup.work.map(({ key, value }) => [JSON.stringify(key), value]));
  return readSelf(
    createWork({
      get: async (key) => {
        const value = cells.get(JSON.stringify(key));
        return value ? { value, version: 1 } : null;
      },
      scan: async () => [],
    }),
  );
}

const key = (text: string, passphrase: string | null = null): FlowAnswer => ({
  kind: 'key',
  text,
  passphrase,
});

const kindsOf = (steps: readonly FlowStep[]): readonly string[] =>
  steps.map((step) => ('why' in step ? `${step.kind} ${step.why}` : step.kind));

test('one step makes an account, and nothing is published by it', async () => {
  const relay = await start();
  const { steps, setup } = await add({ displayName: ' Alice ', relays: relay.url });
  expect(kindsOf(steps)).toEqual(['progress', 'done']);
  const self = await stored(setup);
  expect(setup).toMatchObject({ network: 'nostr', address: npub(self.key), identity: npub(self.key) });
  expect(self).toMatchObject({
    displayName: 'Alice',
    write: [relay.url],
    inbox: [relay.url],
    origin: 'made',
    writtenDownAt: null,
  });
  expect(relay.record.events()).toEqual([]);
  const second = await add({ relays: relay.url });
  expect((await stored(second.setup)).key).not.toBe(self.key);
  await expect.poll(() => relay.connections()).toEqual([]);
});

test('a key that is brought keeps its lists', async () => {
  const relay = await start();
  const secret = freshSecretKey();
  const kept = 'ws://127.0.0.1:9' as RelayUrl;
  const list = { created_at: 5, kind: RELAY_LIST_KIND, content: '' };
  relay.put([
    signEvent(
      {
        ...list,
        tags: [
          ['r', kept, 'write'],
          ['r', 'wss://elsewhere.example', 'write'],
          ['r', 'ws://127.0.0.1:8', 'read'],
        ],
      },
      secret,
    ),
    signEvent(inboxListDraft([kept], 5), secret),
  ]);
  const { setup } = await add({ relays: relay.url, key: 'brought' }, [key(nsec(secret))]);
  expect(await stored(setup)).toMatchObject({
    key: publicKeyOf(secret),
    origin: 'brought',
    write: [kept, relay.url],
    inbox: [kept, relay.url],
  });
});

test('a key that is brought is asked for until one reads, with its passphrase where it has one', async () => {
  const relay = await start();
  const secret = freshSecretKey();
  const locked = Buffer.from((await exportKey(secret, 'open sesame')).bytes).toString('utf8');
  const args = { relays: relay.url, key: 'brought' };
  const { steps, setup } = await add(args, [
    key('nsec1nothing'),
    key(npub(publicKeyOf(secret))),
    key(locked),
    key(locked, 'close sesame'),
    key(locked, 'open sesame'),
  ]);
  expect(steps.flatMap((step) => (step.kind === 'ask-key' ? [step.why] : []))).toEqual([
    null,
    'malformed',
    'not-secret',
    'passphrase-needed',
    'wrong-passphrase',
  ]);
  expect((await stored(setup)).key).toBe(publicKeyOf(secret));
  expect(JSON.stringify(steps)).not.toContain('nsec');
  const stopped = await add(args, [key('nsec1nothing'), { kind: 'no' }]);
  expect(stopped.setup).toBeNull();
  expect(stopped.steps.at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
});

test('what can be mended is asked for again', async () => {
  const relay = await start();
  const gone = await start();
  await gone.goOffline();
  const fields = (values: Readonly<Record<string, string>>): FlowAnswer => ({ kind: 'fields', values });
  const mended = await add({ relays: 'https://relay.example' }, [
    fields({ relays: gone.url }),
    fields({ relays: `${gone.url}, ${relay.url}` }),
  ]);
  expect(kindsOf(mended.steps)).toEqual([
    'progress',
    'ask address-malformed',
    'progress',
    'ask server-unreachable',
    'progress',
    'done',
  ]);
  // What was typed stays, and which relay it is of is named.
  expect(mended.steps.filter(({ kind }) => kind === 'ask')).toMatchObject([
    { fields: [{ name: 'relays', value: 'https://relay.example' }], of: 'https://relay.example' },
    { fields: [{ name: 'relays', value: gone.url }], of: gone.url },
  ]);
  expect((await stored(mended.setup)).write).toEqual([gone.url, relay.url]);
  const many = Array.from({ length: 9 }, (_, at) => `ws://127.0.0.1:${9_000 + at}`).join(' ');
  expect((await add({ relays: many }, [fields({ relays: relay.url })])).steps).toMatchObject([
    { kind: 'progress' },
    { kind: 'ask', why: 'too-many-relays', fields: [{ name: 'relays', value: many }] },
    { kind: 'progress' },
    { kind: 'done' },
  ]);
  expect(kindsOf((await add({ relays: gone.url })).steps)).toEqual([
    'progress',
    'ask server-unreachable',
    'failed cancelled',
  ]);
});

test('after being answered in vain it says so, and what is answered last is tried', async () => {
  const relay = await start();
  const wrong = 'https://relay.example';
  const vain = Array.from({ length: 20 }, (): FlowAnswer => ({ kind: 'fields', values: { relays: wrong } }));
  const over = { kind: 'failed', why: 'too-many-tries' };
  expect((await add({ relays: wrong }, vain)).steps.at(-1)).toEqual(over);
  const late = await add({ relays: wrong }, vain.with(9, { kind: 'fields', values: { relays: relay.url } }));
  expect(late.steps.at(-1)).toMatchObject({ kind: 'done' });
  const keys = Array.from({ length: 20 }, () => key('nsec1nothing'));
  expect((await add({ relays: relay.url, key: 'brought' }, keys)).steps.at(-1)).toEqual(over);
});

test('live and test do not mix, TLS is a must, certificates are checked', async () => {
  const authority = await createAuthority();
  const relay = await start({ certificate: await authority.issue() });
  expect(kindsOf((await add({ relays: relay.url, ca: authority.ca })).steps)).toEqual(['progress', 'done']);
  expect(kindsOf((await add({ relays: relay.url })).steps)).toEqual([
    'progress',
    'ask certificate-refused',
    'failed cancelled',
  ]);
  const both = `${relay.url} wss://relay.example`;
  expect((await add({ relays: both })).steps).toMatchObject([
    { kind: 'progress' },
    {
      kind: 'ask',
      why: 'test-profile-only',
      of: 'wss://relay.example',
      fields: [{ name: 'relays', value: both }],
    },
    { kind: 'failed' },
  ]);
  const live = (args: Readonly<Record<string, string>>) => add(args, [], setupContext('live'));
  expect(kindsOf((await live({ relays: relay.url })).steps)).toEqual([
    'progress',
    'ask test-profile-only',
    'failed cancelled',
  ]);
  expect(kindsOf((await live({ ca: authority.ca })).steps)).toEqual(['progress', 'failed test-profile-only']);
  expect(kindsOf((await live({ relays: 'ws://relay.example' })).steps)).toEqual([
    'progress',
    'ask tls-required',
    'failed cancelled',
  ]);
  expect(kindsOf((await live({ relays: 'wss://10.0.0.1' })).steps)).toEqual([
    'progress',
    'ask not-possible',
    'failed cancelled',
  ]);
});

test('the log and the requests hold no key, and a flow that is cancelled ends', async () => {
  const relay = await start({ limits: { auth: 'always' } });
  const secret = freshSecretKey();
  const context = setupContext();
  const added = await add(
    { relays: relay.url, displayName: 'Alice', key: 'brought' },
    [key(nsec(secret))],
    context,
  );
  expect((await stored(added.setup)).key).toBe(publicKeyOf(secret));
  for (const { text } of relay.record.frames()) {
    expect(text).not.toContain(toHex(secret));
    expect(text).not.toContain('Alice');
  }
  expect(context.lines.join()).not.toContain(publicKeyOf(secret));
  relay.arm({ kind: 'stall-connect' }, { times: 'always' });
  const cancel = new AbortController();
  const flow = addAccount({ relays: relay.url }, setupContext(), cancel.signal);
  await flow.next();
  const next = flow.next();
  cancel.abort();
  expect((await next).value).toEqual({ kind: 'failed', why: 'cancelled' });
});
