import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAuthority } from '../../../e2e/peers/certificate.ts';
import { isSigned, signEvent } from '../event.ts';
import { inboxListDraft, relayListDraft } from '../relay-list.ts';
import type { RelayUrl } from '../relay-url.ts';
import type { LinkReport } from './pool.ts';
import {
  createWorld,
  group,
  groupEvent,
  manyGroupEvents,
  passedGroup,
  passedOf,
  strangersWrap,
  take,
  urlOf,
  type World,
  type WorldOptions,
} from './test/pool-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const world of worlds.splice(0)) await world.end();
});
function create(options?: WorldOptions): World {
  const world = createWorld(options);
  worlds.push(world);
  return world;
}
const groups = { kind: 'groups', groups: [group] } as const;
const kinds = (links: readonly LinkReport[]): readonly string[] => links.map(({ state }) => state.kind);

describe('publishing', () => {
  test('the first OK counts, every relay is tried, and each is told apart', async () => {
    const world = create();
    const [good, bad, gone] = [await world.relay(), await world.relay(), await world.relay()];
    bad.arm({ kind: 'refuse-event', prefix: 'blocked' });
    await gone.goOffline();
    const event = groupEvent();
    const frame = passedGroup(world.account, event);
    const silent = await world.relay();
    silent.arm({ kind: 'cut-event', when: 'after-taken' });
    const publication = world.pool.publish(frame, [good, bad, gone, silent, good].map(urlOf));
    expect(await publication.first).toBe('accepted');
    await gone.goOnline();
    expect(await publication.outcomes).toEqual(
      new Map([
        [urlOf(good), { kind: 'accepted' }],
        [urlOf(bad), { kind: 'refused', code: 'blocked' }],
        [urlOf(gone), { kind: 'accepted' }],
        [urlOf(silent), { kind: 'ambiguous' }],
      ]),
    );
    expect(good.record.events()).toHaveLength(1);
    // Sent again, the relay that has it says so, and that counts.
    expect(await world.pool.publish(frame, [urlOf(silent)]).first).toBe('accepted');
    expect(silent.record.events().map(({ verdict }) => verdict)).toEqual(['silent', 'accepted']);
  });

  test('without an OK nothing is published: refused is nowhere, unanswered may be there', async () => {
    const world = create();
    const relay = await world.relay();
    const frame = passedGroup(world.account, groupEvent());
    relay.arm({ kind: 'refuse-event', prefix: 'rate-limited' });
    expect(await world.pool.publish(frame, [urlOf(relay)]).first).toBe('nowhere');
    relay.arm({ kind: 'cut-event', when: 'before-taken' });
    expect(await world.pool.publish(frame, [urlOf(relay)]).first).toBe('ambiguous');
    const stop = new AbortController();
    await relay.goOffline();
    const publication = world.pool.publish(frame, [urlOf(relay)], stop.signal);
    stop.abort();
    expect(await publication.outcomes).toMatchObject(new Map([[urlOf(relay), { kind: 'offline' }]]));
    expect(await publication.first).toBe('nowhere');
  });

  test('what a relay says it does not take is not sent to it', async () => {
    const world = create();
    const [small, large] = [await world.relay({ limits: { maxMessageBytes: 20_000 } }), await world.relay()];
    const frame = passedGroup(world.account, groupEvent(Date.now(), 24_000));
    const { outcomes } = world.pool.publish(frame, [small, large].map(urlOf));
    expect(await outcomes).toEqual(
      new Map([
        [urlOf(small), { kind: 'too-large', most: 20_000 }],
        [urlOf(large), { kind: 'accepted' }],
      ]),
    );
    expect(small.record.frames()).toEqual([]);
  });

  test('one event on its way twice is sent once', async () => {
    const world = create();
    const relay = await world.relay();
    const frame = passedGroup(world.account, groupEvent());
    const both = [world.pool.publish(frame, [urlOf(relay)]), world.pool.publish(frame, [urlOf(relay)])];
    expect(await Promise.all(both.map(({ first }) => first))).toEqual(['accepted', 'accepted']);
    expect(relay.record.events()).toHaveLength(1);
  });
});

describe('who speaks', () => {
  test('inbox and group of one relay are asked over two connections', async () => {
    const world = create();
    const relay = await world.relay();
    const inbox = take(world.pool, { kind: 'inbox', account: world.account }, [urlOf(relay)]);
    const messages = take(world.pool, groups, [urlOf(relay)]);
    await Promise.all([inbox.caughtUp(1), messages.caughtUp(1)]);
    const frames = relay.record.frames();
    expect(new Set(frames.map(({ connection }) => connection)).size).toBe(2);
    const naming = frames.filter(({ text }) => text.includes(world.account));
    expect(naming).toHaveLength(1);
    expect(world.pool.links().map(({ identity }) => identity)).toEqual(['account', 'nobody']);
  });

  test('proves the account to the relay of its inbox, and a passing key elsewhere', async () => {
    const world = create();
    const relay = await world.relay({ limits: { auth: 'always' } });
    const wrap = strangersWrap(world.account);
    relay.put([wrap]);
    const inbox = take(world.pool, { kind: 'inbox', account: world.account }, [urlOf(relay)]);
    await inbox.count(1);
    expect(inbox.ids).toEqual([wrap.id]);
    expect(await world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]).first).toBe(
      'accepted',
    );
    const messages = take(world.pool, groups, [urlOf(relay)]);
    await messages.count(1);
    const proven = relay.record
      .frames()
      .map(({ authenticated, connection }) => `${connection} ${authenticated.join()}`);
    const connections = new Set(proven.filter((one) => !one.endsWith(' ')).map((one) => one.split(' ')[1]));
    expect(connections.size).toBe(2);
    expect(connections.has(world.account)).toBe(true);
  });

  test('who proves nothing is told so, once', async () => {
    const world = create({ silent: true });
    const relay = await world.relay({ limits: { auth: 'always' } });
    const messages = take(world.pool, groups, [urlOf(relay)]);
    await messages.refused(1);
    expect(messages.codes).toEqual(['auth-required']);
    const outcome = await world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)])
      .outcomes;
    expect(outcome.get(urlOf(relay))).toEqual({ kind: 'refused', code: 'auth-required' });
    expect(relay.record.frames().some(({ text }) => text.startsWith('["AUTH"'))).toBe(false);
  });

  test('AT-61 a challenge longer than any is not signed', async () => {
    const world = create();
    const relay = await world.relay({ limits: { auth: 'always' } });
    relay.arm({ kind: 'garbage', text: JSON.stringify(['AUTH', 'x'.repeat(5_000)]) });
    const messages = take(world.pool, groups, [urlOf(relay)]);
    await messages.refused(1);
    expect(relay.record.frames().some(({ text }) => text.startsWith('["AUTH"'))).toBe(false);
    expect(world.log.join()).not.toContain('xxxx');
  });
});

describe('subscribing', () => {
  test('what is stored and what comes, once, from several relays', async () => {
    const world = create();
    const [a, b] = [await world.relay(), await world.relay()];
    const [stored, live, late] = [groupEvent(), groupEvent(), groupEvent()];
    a.put([stored]);
    b.put([stored]);
    const taker = take(world.pool, groups, [a, b].map(urlOf));
    await taker.caughtUp(2);
    a.put([live]);
    await taker.count(2);
    b.put([live, late]);
    await taker.count(3);
    expect(taker.ids).toEqual([stored.id, live.id, late.id]);
    taker.close();
    const fence = take(world.pool, groups, [urlOf(a)]);
    await fence.caughtUp(1);
    a.put([groupEvent()]);
    await fence.count(3);
    expect(taker.ids).toHaveLength(3);
  });

  test('a long history comes whole, page by page, although the relay gives little at a time', async () => {
    const world = create();
    const relay = await world.relay({ limits: { maxLimit: 60 } });
    const events = manyGroupEvents(200, 1_000_000);
    relay.put(events);
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.caughtUp(1);
    expect(taker.ids.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    expect(relay.record.frames().filter(({ text }) => text.startsWith('["REQ"')).length).toBeLessThan(8);
  });

  test('after a break it goes on from where the sink says, and hands nothing over twice', async () => {
    const world = create();
    const relay = await world.relay();
    const early = groupEvent(Date.now() - 100_000);
    relay.put([early]);
    let since: number | null = null;
    const asked: RelayUrl[] = [];
    const taker = take(world.pool, groups, [urlOf(relay)], {
      asked: (at) => void asked.push(at),
      since: (at) => (at === urlOf(relay) ? since : 0),
    });
    await taker.caughtUp(1);
    since = early.created_at - 10;
    await relay.goOffline();
    await taker.broken(1);
    const missed = groupEvent();
    relay.put([missed]);
    await relay.goOnline();
    await taker.count(2);
    await taker.caughtUp(2);
    expect(taker.ids).toEqual([early.id, missed.id]);
    expect(asked).toEqual([urlOf(relay), urlOf(relay)]);
    const requests = relay.record.frames().filter(({ text }) => text.startsWith('["REQ"'));
    expect(requests[0]?.text).not.toContain('since');
    expect(requests.at(-1)?.text).toContain(`"since":${since}`);
  });

  test('what is settled from an earlier run is not handed over again, but counts for what is whole', async () => {
    const world = create();
    const relay = await world.relay({ limits: { maxLimit: 20 } });
    const events = manyGroupEvents(50, 1_000_000);
    relay.put(events);
    const settled = new Set(events.slice(10).map(({ id }) => id as string));
    const taker = take(world.pool, groups, [urlOf(relay)], { known: (id) => settled.has(id) });
    await taker.caughtUp(1);
    expect(taker.ids.toSorted()).toEqual(
      events
        .slice(0, 10)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  test('an event that comes meanwhile with an old date does not hide what is stored in between', async () => {
    const world = create();
    const relay = await world.relay({ limits: { maxLimit: 20 } });
    const events = manyGroupEvents(60, 1_000_000);
    relay.put(events);
    let late = false;
    const taker = take(world.pool, groups, [urlOf(relay)], {
      event() {
        if (late) return;
        late = true;
        relay.put(manyGroupEvents(1, 5));
      },
    });
    await taker.caughtUp(1);
    const asked = relay.record.frames().filter(({ text }) => text.includes('"until"'));
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.some(({ text }) => text.includes('"until":1000002,'))).toBe(true);
  });

  test('AT-61 what was tampered with, or not asked for, is not handed over', async () => {
    const world = create();
    const relay = await world.relay();
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.caughtUp(1);
    for (const part of ['content', 'id', 'created_at'] as const) {
      relay.arm({ kind: 'tamper-delivery', part });
      relay.put([groupEvent()]);
    }
    const foreign = signEvent({ ...groupEvent(), tags: [['h', 'ab'.repeat(32)]] }, world.secret);
    const other = signEvent({ ...groupEvent(), kind: 1 }, world.secret);
    for (const event of [foreign, other]) {
      relay.arm({ kind: 'foreign-delivery', event });
      relay.put([groupEvent()]);
    }
    relay.arm({ kind: 'duplicate-delivery', copies: 3 });
    const good = groupEvent();
    relay.put([good, groupEvent()]);
    await taker.count(2);
    expect(taker.ids[0]).toBe(good.id);
    expect(taker.ids).toHaveLength(2);
  });

  test('AT-61 what an account signs is not handed over where the signature does not hold', async () => {
    const world = create();
    const relay = await world.relay();
    const taker = take(world.pool, { kind: 'inbox', account: world.account }, [urlOf(relay)]);
    await taker.caughtUp(1);
    for (const part of ['content', 'sig', 'id', 'created_at'] as const) {
      relay.arm({ kind: 'tamper-delivery', part });
      relay.put([strangersWrap(world.account)]);
    }
    const good = strangersWrap(world.account);
    relay.put([good]);
    await taker.count(1);
    expect(taker.ids).toEqual([good.id]);
  });

  test('of a message of a group the signature, which anybody could make, is neither checked nor handed on', async () => {
    const world = create();
    const relay = await world.relay();
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.caughtUp(1);
    relay.arm({ kind: 'tamper-delivery', part: 'sig' });
    const [first, second] = [groupEvent(), groupEvent()];
    relay.put([first]);
    relay.put([second]);
    await taker.count(2);
    expect(taker.ids).toEqual([first.id, second.id]);
    expect(taker.events.some(isSigned)).toBe(false);
  });

  test('AT-61 noise does not disturb, too much of it ends the connection, and another is made', async () => {
    const world = create();
    const relay = await world.relay();
    for (const text of [
      'nonsense',
      '[]',
      '{}',
      '["EVENT"]',
      '["EVENT","x",null]',
      '["EOSE","unknown"]',
      '["OK",1,2]',
    ])
      relay.arm({ kind: 'garbage', text });
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.caughtUp(1);
    relay.put([groupEvent()]);
    await taker.count(1);
    relay.disarmAll();
    relay.arm({ kind: 'oversized', bytes: 2_000_000 });
    world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]);
    await taker.broken(1);
    await taker.caughtUp(2);
    expect(world.log.some((line) => line.includes('"fault":"protocol"'))).toBe(true);
  });

  test('a sink that takes its time gets everything, one after the other', async () => {
    const world = create();
    const relay = await world.relay();
    const events = manyGroupEvents(60, 1_000_000);
    const order: number[] = [];
    let working = 0;
    let most = 0;
    const taker = take(world.pool, groups, [urlOf(relay)], {
      async event(event) {
        working += 1;
        most = Math.max(most, working);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(event.created_at);
        working -= 1;
      },
    });
    await taker.caughtUp(1);
    for (const event of events) relay.put([event]);
    const end = groupEvent();
    relay.put([end]);
    await expect.poll(() => order.at(-1), { timeout: 20_000 }).toBe(end.created_at);
    expect(most).toBe(1);
    expect(order).toEqual([...events.map(({ created_at }) => created_at), end.created_at]);
  });
});

describe('fetching', () => {
  test('lists of an account, newest first, and which relays have answered', async () => {
    const world = create();
    const other = createWorld();
    worlds.push(other);
    const [a, b, gone] = [await world.relay(), await world.relay(), await world.relay()];
    await gone.goOffline();
    const relays = [urlOf(a)];
    const lists = [
      signEvent(relayListDraft(relays, 5), other.secret),
      signEvent(inboxListDraft(relays, 7), other.secret),
      signEvent(relayListDraft(relays, 9), other.secret),
    ];
    for (const [index, event] of lists.entries()) (index === 0 ? a : b).put([event]);
    const fetched = await world.pool.fetch(
      { kind: 'lists', accounts: [other.account] },
      [a, b, gone].map(urlOf),
    );
    expect(fetched.events.map(({ created_at }) => created_at)).toEqual([9, 7, 5]);
    expect(fetched.complete.toSorted()).toEqual([a, b].map(urlOf).toSorted());
    for (const relay of [a, b])
      expect(relay.record.frames().some(({ text }) => text.includes(world.account))).toBe(false);
  });

  test('AT-61 a relay that refuses or never ends is not waited for', async () => {
    const world = create();
    const [closing, endless] = [await world.relay(), await world.relay()];
    closing.arm({ kind: 'close-subscription', prefix: 'blocked' });
    endless.arm({ kind: 'no-eose' });
    const ask = { kind: 'key-packages', account: world.account } as const;
    // My own key packages are nobody's business: the guard stops the question.
    expect(await world.pool.fetch(ask, [urlOf(closing)], { timeoutMs: 200 })).toEqual({
      events: [],
      complete: [],
    });
    expect(world.log.some((line) => line.includes('names the account'))).toBe(true);
    const lists = { kind: 'lists', accounts: [createWorld().account] } as const;
    const fetched = await world.pool.fetch(lists, [closing, endless].map(urlOf), { timeoutMs: 500 });
    expect(fetched).toEqual({ events: [], complete: [] });
    expect(await world.pool.fetch(lists, [])).toEqual({ events: [], complete: [] });
  });
});

describe('time', () => {
  /** From here on time passes only when the test says so; sockets work as ever. */
  const holdTime = (): void => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });

  test('an event that is not answered may be there', async () => {
    const world = create();
    const relay = await world.relay();
    relay.arm({ kind: 'silent-event', taken: true });
    holdTime();
    const publication = world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]);
    await relay.record.waitForEvent({ verdict: 'silent' });
    vi.advanceTimersByTime(15_000);
    expect(await publication.first).toBe('ambiguous');
  });

  test('an event does not wait for a relay for ever', async () => {
    const world = create();
    const relay = await world.relay();
    const held = relay.arm({ kind: 'stall-connect' }, { times: 'always' });
    holdTime();
    const publication = world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]);
    await held.struck;
    vi.advanceTimersByTime(20_000);
    expect(await publication.first).toBe('nowhere');
  });

  test('a connection nobody wants is closed, and made again when somebody does', async () => {
    const world = create();
    const relay = await world.relay();
    holdTime();
    expect(await world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]).first).toBe(
      'accepted',
    );
    vi.advanceTimersByTime(59_000);
    expect(relay.connections()).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    await expect.poll(() => relay.connections()).toEqual([]);
    await expect.poll(() => kinds(world.pool.links())).toEqual(['idle']);
    expect(await world.pool.publish(passedGroup(world.account, groupEvent()), [urlOf(relay)]).first).toBe(
      'accepted',
    );
  });

  test('AT-61 a line that went dead without a word is noticed', async () => {
    const world = create();
    const relay = await world.relay();
    holdTime();
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.caughtUp(1);
    // Quiet for a while: a ping goes out, and its answer comes with the next event at the latest.
    vi.advanceTimersByTime(30_000);
    relay.put([groupEvent()]);
    await taker.count(1);
    vi.advanceTimersByTime(29_000);
    expect(kinds(world.pool.links())).toEqual(['online']);
    relay.freezeConnections();
    vi.advanceTimersByTime(1_000 + 14_000);
    expect(kinds(world.pool.links())).toEqual(['online']);
    vi.advanceTimersByTime(1_000);
    await taker.broken(1);
    expect(world.log.at(-1)).toContain('"fault":"silent"');
    vi.advanceTimersByTime(1_000);
    await taker.caughtUp(2);
  });

  test('a relay that ended a request for now is asked again', async () => {
    const world = create();
    const relay = await world.relay();
    relay.arm({ kind: 'close-subscription', prefix: 'rate-limited' });
    holdTime();
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.refused(1);
    vi.advanceTimersByTime(15_000);
    await taker.caughtUp(1);
    expect(taker.codes).toEqual(['rate-limited']);
  });
});

describe('connecting', () => {
  test('over TLS with a certificate that holds, and never without', async () => {
    const authority = await createAuthority();
    const world = create({ ca: authority.ca });
    const relay = await world.relay({ certificate: await authority.issue() });
    await take(world.pool, groups, [urlOf(relay)]).caughtUp(1);
    for (const flaw of ['other-authority', 'wrong-host', 'expired'] as const) {
      const bad = await world.relay({ certificate: await authority.issue(flaw) });
      const taker = take(world.pool, groups, [urlOf(bad)]);
      await taker.broken(1);
      const report = world.pool.links().find((one) => one.relay === bad.url);
      expect(report?.state).toMatchObject({ kind: 'offline', fault: 'certificate' });
    }
    const untrusting = create();
    const taker = take(untrusting.pool, groups, [urlOf(relay)]);
    await taker.broken(1);
    expect(relay.record.frames().length).toBeGreaterThan(0);
  });

  test('a live profile connects to no relay without TLS and to none on this machine; a proxy is not passed by', async () => {
    const live = create({ environment: 'live' });
    const relay = await live.relay();
    const frame = passedGroup(live.account, groupEvent());
    const bars: readonly (readonly [string, string])[] = [
      [relay.url, 'no-tls'],
      [relay.url.replace('ws:', 'wss:'), 'environment'],
      ['wss://192.168.0.1', 'inner-network'],
    ];
    for (const [url, fault] of bars) {
      const { outcomes } = live.pool.publish(frame, [url as RelayUrl]);
      expect(await outcomes).toEqual(new Map([[url, { kind: 'offline', fault }]]));
    }
    expect(kinds(live.pool.links())).toEqual(['barred', 'barred', 'barred']);
    const behind = create({ proxy: 'socks5://127.0.0.1:1' });
    const { outcomes } = behind.pool.publish(passedGroup(behind.account, groupEvent()), [urlOf(relay)]);
    expect((await outcomes).get(urlOf(relay))).toEqual({ kind: 'offline', fault: 'proxy' });
    expect(relay.connections()).toEqual([]);
    expect(relay.record.frames()).toEqual([]);
  });

  test('a relay that refuses the handshake is tried again, later when it is busy', async () => {
    const world = create();
    const relay = await world.relay();
    relay.arm({ kind: 'refuse-connect', status: 404 });
    const taker = take(world.pool, groups, [urlOf(relay)]);
    await taker.broken(1);
    await taker.caughtUp(1);
    relay.arm({ kind: 'refuse-connect', status: 429 });
    relay.dropConnections();
    await taker.broken(3);
    const [link] = world.pool.links();
    expect(link?.state).toMatchObject({ kind: 'offline', fault: 'busy' });
    expect(link?.state.kind === 'offline' && link.state.retryAt - Date.now()).toBeGreaterThan(20_000);
    world.pool.wake();
    await taker.caughtUp(2);
    expect(kinds(world.pool.links())).toEqual(['online']);
  });

  test('an event goes out as whom it is for, and only when the guard has passed it', async () => {
    const world = create();
    const relay = await world.relay();
    const list = signEvent(inboxListDraft([urlOf(relay)], 1), world.secret);
    const frame = passedOf({
      kind: 'inbox-list',
      account: world.account,
      text: JSON.stringify(['EVENT', list]),
    });
    expect(await world.pool.publish(frame, [urlOf(relay)]).first).toBe('accepted');
    expect(world.pool.links()).toMatchObject([{ identity: 'account' }]);
    expect(() => world.pool.publish({ ...frame }, [urlOf(relay)])).toThrow('has passed');
    const request = { kinds: [445], '#h': [group], limit: 1 };
    const text = JSON.stringify(['REQ', '0'.repeat(16), request]);
    const asked = passedOf({ kind: 'nobody-request', account: world.account, text });
    expect(() => world.pool.publish(asked, [urlOf(relay)])).toThrow('has passed');
  });
});
