import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import type { FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { readSelf } from './account-record.ts';
import { changeRelays } from './change-relays.ts';
import { INBOX_LIST_KIND, RELAY_LIST_KIND } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';
import { openMember, type Member } from './test/company.ts';

let [before, other]: Relay[] = [];
let me: Member;
beforeEach(async () => {
  [before, other] = [await startRelay(), await startRelay()];
  me = await openMember(() => 0, [urlOf(before)]);
});
afterEach(async () => {
  me.running.pool.close();
  await Promise.all([before?.stop(), other?.stop()]);
});

function urlOf(relay: Relay | undefined): RelayUrl {
  if (relay === undefined) throw new Error('no relay');
  return relay.url as RelayUrl;
}
/** Of the lists that a relay has: which relays they name. */
const listed = (relay: Relay | undefined, kind: number): readonly unknown[] =>
  relay
    ?.stored()
    .filter((event) => event.kind === kind)
    .map(({ tags }) => tags.map(([, url]) => url)) ?? [];
const self = () => readSelf(me.state.work());

/** Runs the flow with what is typed; whoever types no more cancels. */
async function change(...typed: readonly string[]) {
  const steps: FlowStep[] = [];
  let begun = 0;
  const flow = changeRelays(me.running, new AbortController().signal, async () => {
    begun += 1;
  });
  const left = typed.map((relays): FlowAnswer => ({ kind: 'fields', values: { relays } }));
  let next = await flow.next();
  while (next.done !== true) {
    steps.push(next.value);
    next = await flow.next(next.value.kind === 'ask' ? left.shift() : undefined);
  }
  return { steps, begun };
}

test('other relays take the place of those before, which are told', async () => {
  const [old, now] = [urlOf(before), urlOf(other)];
  const { steps, begun } = await change(now);
  expect(steps).toEqual([
    { kind: 'ask', fields: [{ name: 'relays', secret: false, value: old }], why: null },
    { kind: 'progress', stage: 'connecting' },
    { kind: 'done', conversation: null, peer: null },
  ]);
  expect(begun).toBe(1);
  expect(await self()).toMatchObject({ write: [now], inbox: [now] });
  for (const relay of [before, other])
    for (const kind of [RELAY_LIST_KIND, INBOX_LIST_KIND]) expect(listed(relay, kind)).toEqual([[now]]);
});

test('the relays before may be gone', async () => {
  await before?.goOffline();
  const { steps, begun } = await change(urlOf(other));
  expect([steps.at(-1)?.kind, begun]).toEqual(['done', 1]);
  expect(listed(other, INBOX_LIST_KIND)).toEqual([[urlOf(other)]]);
});

test('what cannot be used is asked for again, as it was typed; nothing changes until then', async () => {
  const away = urlOf(other);
  await other?.goOffline();
  const { steps, begun } = await change('https://nonsense', away);
  const asked = steps.flatMap((step) =>
    step.kind === 'ask' ? [[step.why, step.of, step.fields[0]?.value]] : [],
  );
  expect(asked).toEqual([
    [null, undefined, urlOf(before)],
    ['address-malformed', 'https://nonsense', 'https://nonsense'],
    ['server-unreachable', away, away],
  ]);
  expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
  expect(begun).toBe(0);
  expect(await self()).toMatchObject({ write: [urlOf(before)], inbox: [urlOf(before)] });
  expect(listed(before, RELAY_LIST_KIND)).toEqual([]);
});

test('one of several may be away', async () => {
  const away = await startRelay();
  await away.stop();
  const { steps } = await change(`${away.url} ${urlOf(other)}`);
  expect(steps.at(-1)?.kind).toBe('done');
  expect(await self()).toMatchObject({ inbox: [away.url, urlOf(other)] });
});
