import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import { crashPoints } from '../../shared/lane/lane.ts';
import type { ConversationId, OutboxId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import { createLane } from './lane.ts';
import { runFlow, saying } from './test/lane-context.ts';
import { isMessage, joinByLink, openMailServer, openPlainseal, type Plainseal } from './test/world.ts';

let server: MailServer;
let me: Plainseal;
let you: Plainseal;
let conversation: ConversationId;

/** Two Plainseals that have checked each other. */
beforeAll(async () => {
  server = await openMailServer();
  me = await openPlainseal(server, 'me@example.org');
  you = await openPlainseal(server, 'you@example.org');
  const flow = you.lane.flow({ kind: 'invite' }, you.core.context, new AbortController().signal);
  const shown = (await flow.next()).value as Extract<FlowStep, { kind: 'show-code' }>;
  ({ conversation } = await joinByLink(me, shown.text));
});

beforeEach(() => server.record.clear());

afterAll(async () => {
  await me?.stop();
  await you?.stop();
  await server?.stop();
});

let count = 0;
const words = (): string => `words ${++count}`;
const sentMails = () => server.record.mails().filter(({ from }) => from === me.address);
const state = (id: OutboxId) => me.core.item(id).state;
const until = (id: OutboxId, wanted: OutboxItem['state']) =>
  me.core.waitUntil(`${wanted}, is ${state(id)}`, () => state(id) === wanted);
const arrivals = (text: string) => you.core.changes().filter(isMessage(text)).length;

describe('one item', () => {
  test('is sealed in a commit before a byte is on the wire, then sent in another', async () => {
    const seen: string[] = [];
    me.core.onCrashPoint((name) => {
      seen.push(`${name} ${sentMails().length}`);
    });
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await me.core.waitUntil('performed', () => me.core.item(id).attempts > 0);
    me.core.onCrashPoint(null);
    expect(seen.slice(0, 6)).toEqual([
      'lane.before-commit 0',
      'lane.after-commit 0',
      'lane.before-wire-write 0',
      'lane.after-wire-write 1',
      'lane.before-commit 1',
      'lane.after-commit 1',
    ]);
    const sealed = me.core.commits.find((one) =>
      one.outbound.some((step) => step.item === id && step.to === 'sealed'),
    );
    expect(sealed).toMatchObject({
      forecasts: [{ conversation, hold: null, facts: [{ endToEnd: { is: true } }] }],
      outbound: [{ evidence: { how: 'sealed-here', to: [{ trust: { kind: 'checked' } }] } }],
    });
    const [artifact] = sealed?.outbound[0]?.artifacts ?? [];
    expect(artifact).toMatchObject({ to: you.address, outcome: 'pending' });
    expect(sentMails()[0]?.raw.equals(artifact?.bytes as Uint8Array)).toBe(true);
    expect(me.core.item(id).artifacts).toMatchObject([{ outcome: 'accepted' }]);
    await you.core.waitFor(text, isMessage(text));
  });

  test('AT-07 that core holds leaves nothing on the wire', async () => {
    me.core.intercept((commit) => {
      const [step] = commit.outbound;
      return step?.to === 'sealed' ? { ok: false, why: 'held', reason: 'label-fell', item: step.item } : null;
    });
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await me.core.waitUntil('performed', () => me.core.item(id).attempts > 0);
    me.core.intercept(null);
    expect(state(id)).toBe('queued');
    expect(sentMails()).toHaveLength(0);
  });

  test('whose commit conflicts is sealed again from what stands now', async () => {
    let conflicts = 2;
    me.core.intercept((commit) =>
      commit.outbound.some(({ to }) => to === 'sealed') && conflicts-- > 0
        ? { ok: false, why: 'conflict' }
        : null,
    );
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await until(id, 'sent');
    me.core.intercept(null);
    expect(sentMails()).toHaveLength(1);
  });

  test('waits where the disk is full', async () => {
    let full = true;
    me.core.intercept(() => (full ? { ok: false, why: 'disk-full' } : null));
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await me.core.waitUntil('tried', () => me.core.item(id).attempts > 0);
    expect(sentMails()).toHaveLength(0);
    full = false;
    me.core.intercept(null);
    await until(id, 'sent');
  });

  test.each<[number, string, string]>([
    [550, '5.1.1 no such user', 'address-unknown'],
    [552, 'mailbox full', 'too-large'],
    [554, '5.3.4 too big', 'too-large'],
    [554, '5.7.1 not wanted', 'refused-by-server'],
    [550, 'no', 'refused-by-server'],
  ])('refused for good with %i %s fails as %s', async (code, text, failure) => {
    server.faults.arm({ kind: 'refuse-recipient', code, text });
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await until(id, 'failed');
    expect(me.core.steps().at(-1)).toMatchObject({ item: id, failure, artifacts: [{ outcome: 'refused' }] });
  });

  test.each([
    { kind: 'refuse-recipient', code: 451 },
    { kind: 'refuse-data', code: 452 },
    { kind: 'refuse-login', protocol: 'smtp', temporary: true },
    { kind: 'drop-data', when: 'before-accept' },
  ] as const)('that meets $kind $code is sent later, with the same bytes', async (fault) => {
    // A kept connection is signed in already; a refused login needs a new one.
    if (fault.kind === 'refuse-login') server.dropConnections();
    server.faults.arm(fault);
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await until(id, 'sent');
    expect(me.core.item(id).attempts).toBeGreaterThan(0);
    expect(
      me.core.commits.flatMap(({ outbound }) => outbound).filter((step) => step.item === id && step.evidence),
    ).toHaveLength(1);
    await you.core.waitFor(text, isMessage(text));
  });

  test.each(['after-accept', 'after-reply'] as const)(
    'whose answer was lost (%s) goes out again unchanged, and arrives once',
    async (when) => {
      server.faults.arm({ kind: 'drop-data', when });
      const text = words();
      const { id } = me.core.enqueue(saying(conversation, { text }));
      await until(id, 'sent');
      const mails = sentMails();
      const raws = new Set(mails.map(({ raw }) => raw.toString('latin1')));
      expect(raws.size).toBe(1);
      if (when === 'after-accept') {
        expect(mails.length).toBeGreaterThan(1);
        expect(me.core.steps().some((step) => step.artifacts?.[0]?.outcome === 'ambiguous')).toBe(true);
      }
      await you.core.waitFor(text, isMessage(text));
      await you.core.waitUntil(
        'every copy settled',
        () => you.core.settled().filter(({ kind }) => kind === 'duplicate').length >= mails.length - 1,
      );
      expect(arrivals(text)).toBe(1);
    },
  );

  test('waits while the server is away, and goes when it is back', async () => {
    await server.goOffline();
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await me.core.waitUntil('tried', () => me.core.item(id).attempts > 0);
    expect(state(id)).toBe('sealed');
    await server.goOnline();
    await until(id, 'sent');
    await you.core.waitFor(text, isMessage(text));
  });

  test('that is over is left alone', async () => {
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await until(id, 'sent');
    server.record.clear();
    for (const over of ['sent', 'held', 'failed', 'cancelled'] as const) {
      const item = { ...me.core.item(id), state: over };
      expect(await me.lane.perform(item, new AbortController().signal)).toEqual({ kind: 'done' });
    }
    expect(sentMails()).toHaveLength(0);
  });

  test('that is cancelled in time is not sent', async () => {
    const stop = new AbortController();
    stop.abort();
    const item: OutboxItem = {
      id: 'i' as OutboxId,
      intent: saying(conversation, { text: words() }),
      state: 'queued',
      artifacts: [],
      attempts: 0,
    };
    expect(await me.lane.perform(item, stop.signal)).toMatchObject({ kind: 'later' });
    expect(sentMails()).toHaveLength(0);
  });

  test('whose outcome cannot be committed is performed again', async () => {
    let full = true;
    me.core.intercept((commit) =>
      full && commit.outbound.some(({ to }) => to === 'sent') ? { ok: false, why: 'io' } : null,
    );
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await me.core.waitUntil('tried', () => me.core.item(id).attempts > 0);
    expect(state(id)).toBe('sealed');
    full = false;
    await until(id, 'sent');
    me.core.intercept(null);
    await you.core.waitFor(text, isMessage(text));
    expect(arrivals(text)).toBe(1);
  });

  test('that is cancelled between its commit and the wire waits', async () => {
    const stop = new AbortController();
    me.core.onCrashPoint((name) => {
      if (name === 'lane.after-commit') stop.abort();
    });
    const item: OutboxItem = {
      id: 'j' as OutboxId,
      intent: saying(conversation, { text: words() }),
      state: 'queued',
      artifacts: [],
      attempts: 0,
    };
    expect(await me.lane.perform(item, stop.signal)).toMatchObject({ kind: 'later' });
    me.core.onCrashPoint(null);
    expect(sentMails()).toHaveLength(0);
  });

  test('in a lane that does not run waits', async () => {
    const item: OutboxItem = {
      id: 'i' as OutboxId,
      intent: saying(conversation, { text: 'x' }),
      state: 'queued',
      artifacts: [],
      attempts: 3,
    };
    expect(await createLane().perform(item, new AbortController().signal)).toMatchObject({ kind: 'later' });
  });
});

describe('the guard on resends', () => {
  /** A sealed item whose stored bytes somebody has replaced. */
  async function tampered(bytes: Uint8Array, identity?: string) {
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await until(id, 'sent');
    server.record.clear();
    const item = me.core.item(id);
    const [artifact] = item.artifacts;
    if (!artifact) throw new Error('no artifact');
    const stored = { ...artifact, bytes, ...(identity === undefined ? {} : { identity }) };
    return me.lane.perform({ ...item, state: 'sealed', artifacts: [stored] }, new AbortController().signal);
  }

  test('stops clear text in the place of sealed bytes', async () => {
    const clear = Buffer.from(
      `From: <${me.address}>\r\nTo: <${you.address}>\r\nSubject: canary\r\n\r\ncanary\r\n`,
    );
    expect(await tampered(clear)).toEqual({ kind: 'done' });
    expect(me.core.steps().at(-1)).toMatchObject({ to: 'held', hold: 'guard' });
    expect(me.core.logged.at(-1)).toMatchObject({ event: 'guard-stopped' });
    expect(sentMails()).toHaveLength(0);
  });

  test('stops clear text that says it was agreed on', async () => {
    await tampered(Buffer.from('Subject: canary\r\n\r\ncanary\r\n'), 'none');
    expect(me.core.steps().at(-1)).toMatchObject({ to: 'held', hold: 'guard' });
    await tampered(Buffer.from('Subject: canary\r\n\r\ncanary\r\n'), 'secure-join');
    expect(me.core.steps().at(-1)).toMatchObject({ to: 'failed', failure: 'damaged' });
    expect(sentMails()).toHaveLength(0);
  });

  test('an item without its bytes, or with two, is damaged', async () => {
    const { id } = me.core.enqueue(saying(conversation, { text: words() }));
    await until(id, 'sent');
    const item = me.core.item(id);
    for (const artifacts of [[], [...item.artifacts, ...item.artifacts]]) {
      server.record.clear();
      await me.lane.perform({ ...item, state: 'sealed', artifacts }, new AbortController().signal);
      expect(me.core.steps().at(-1)).toMatchObject({ to: 'failed', failure: 'damaged' });
      expect(sentMails()).toHaveLength(0);
    }
  });

  test('bytes in the file store are resent as they are', async () => {
    const text = words();
    const { id } = me.core.enqueue(saying(conversation, { text }));
    await until(id, 'sent');
    const [first] = sentMails();
    server.record.clear();
    const item = me.core.item(id);
    const [artifact] = item.artifacts;
    if (!artifact || !first) throw new Error('no artifact');
    const file = me.core.addFile({ name: 'mail', type: 'message/rfc822' }, artifact.bytes as Uint8Array);
    await me.lane.perform(
      { ...item, state: 'sealed', artifacts: [{ ...artifact, bytes: file }] },
      new AbortController().signal,
    );
    expect(sentMails().map(({ raw }) => raw.equals(first.raw))).toEqual([true]);
    await you.core.waitFor(text, isMessage(text));
    expect(arrivals(text)).toBe(1);
  });
});

describe('intents that cannot be', () => {
  const fails = async (intent: OutboxItem['intent']) => {
    const { id } = me.core.enqueue(intent);
    await until(id, 'failed');
    expect(sentMails()).toHaveLength(0);
    return me.core.steps().at(-1)?.failure;
  };

  test('a conversation of another account, or none', async () => {
    expect(await fails(saying('other|email|x@example.org' as ConversationId, { text: 'x' }))).toBe(
      'not-possible',
    );
    expect(await fails({ ...saying(conversation, { text: 'x' }), conversation: null })).toBe('not-possible');
  });

  test('an address nobody agreed to write to in the clear', async () => {
    const plain = `account|email|stranger@example.org` as ConversationId;
    expect(await fails(saying(plain, { text: 'canary' }))).toBe('not-possible');
  });

  test('steps of a handshake that is over or does not read', async () => {
    const step = (op: string, data: Uint8Array) => ({
      conversation: null,
      sentAt: Date.now(),
      what: { kind: 'protocol' as const, key: `k${++count}` as never, op, data },
    });
    expect(await fails(step('secure-join/vc-pubkey', Buffer.from('{}')))).toBe('damaged');
    expect(await fails(step('secure-join/vc-pubkey', Buffer.from('nonsense')))).toBe('damaged');
    expect(await fails(step('secure-join/vc-pubkey', Buffer.from('{"auth":"unknown"}')))).toBe(
      'not-possible',
    );
  });

  test('AT-04 a peer without a certificate is held', async () => {
    const nobody = `account|email|${'AB'.repeat(20)}` as ConversationId;
    const { id } = me.core.enqueue(saying(nobody, { text: 'x' }));
    await until(id, 'held');
    expect(me.core.steps().at(-1)).toMatchObject({ hold: 'no-key' });
    expect(sentMails()).toHaveLength(0);
  });
});

describe('the program ends at a named point', () => {
  const points = crashPoints.filter((name) => name.startsWith('lane.') && !name.includes('acknowledge'));

  test.each(points)('%s: nothing is lost, nothing arrives twice', async (point) => {
    const text = words();
    class Ended extends Error {}
    let ended = false;
    me.core.onCrashPoint((name) => {
      if (ended) throw new Ended();
      if (name !== point) return;
      ended = true;
      throw new Ended();
    });
    const item: OutboxItem = {
      id: `crash-${point}` as OutboxId,
      intent: saying(conversation, { text }),
      state: 'queued',
      artifacts: [],
      attempts: 0,
    };
    await expect(me.lane.perform(item, new AbortController().signal)).rejects.toThrow(Ended);
    me.core.onCrashPoint(null);
    const last = me.core.steps().findLast((step) => step.item === item.id);
    const again = { ...item, state: last?.to ?? item.state, artifacts: last?.artifacts ?? [] };
    expect(await me.lane.perform(again, new AbortController().signal)).toEqual({ kind: 'done' });
    await you.core.waitFor(text, isMessage(text));
    const raws = new Set(sentMails().map(({ raw }) => raw.toString('latin1')));
    expect(raws.size).toBe(1);
    await you.core.waitUntil(
      'settled',
      () =>
        server.mailbox(you.address).mails.length <=
        you.core.settled().filter(({ kind }) => kind !== 'cursor').length,
    );
    expect(arrivals(text)).toBe(1);
  });
});

test('no word of a message stands in anything that was sent', async () => {
  const canary = 'canary-0f61';
  const file = me.core.addFile({ name: `${canary}.txt`, type: 'text/plain' }, Buffer.from(canary));
  const { id } = me.core.enqueue(saying(conversation, { text: canary, files: [file] }));
  await until(id, 'sent');
  await you.core.waitFor(canary, isMessage(canary));
  const everything = Buffer.concat(server.record.requests().map(({ bytes }) => bytes)).toString('latin1');
  expect(everything).toContain('BEGIN PGP MESSAGE');
  for (const form of [
    canary,
    Buffer.from(canary).toString('base64').slice(0, 12),
    Buffer.from(` ${canary}`).toString('base64').slice(4, 14),
  ])
    expect(everything).not.toContain(form);
  expect(everything).not.toContain('Plain Seal');
  expect(emptyCommit.work).toHaveLength(0);
});

test('nothing secret is logged', async () => {
  await runFlow(me.lane, { kind: 'chat', address: 'nobody' }, me.core.context);
  const log = JSON.stringify([me.core.logged, you.core.logged]);
  for (const secret of ['pw', me.address, you.address, 'words']) expect(log).not.toContain(secret);
});
