import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { startRelayProcess } from '../../e2e/peers/nostr/child.ts';
import type { RelayProcess } from '../../e2e/peers/nostr/child.ts';
import { authOperation } from './auth.ts';
import { findContact } from './contact.ts';
import { isSigned, signEvent, type EventId, type SignedEvent } from './event.ts';
import { giftWrap, unwrapGift } from './gift-wrap.ts';
import { guard, type Operation } from './guard.ts';
import { fromHex } from './hex.ts';
import { freshSecretKey, publicKeyBytes, publicKeyOf, type PublicKey, type SecretKey } from './keys.ts';
import { encodeAppEvent, readAppEvent } from './marmot/app-event.ts';
import { appMessageDraft, readAppMessage } from './marmot/app-message.ts';
import { openGroupEvent, readGroupEvent, sealGroupEvent } from './marmot/group-event.ts';
import { freshSlot, keyPackageDraft } from './marmot/key-package-event.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import { readWelcome, welcomeDraft } from './marmot/welcome.ts';
import { inboxListDraft, relayListDraft } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';
import { openPool } from './relays/open-pool.ts';
import type { RelayPool } from './relays/pool.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Person {
  readonly secret: SecretKey;
  readonly key: PublicKey;
  readonly pool: RelayPool;
  publish(operation: Operation, relays: readonly RelayUrl[]): Promise<string>;
}

function person(ca: string): Person {
  const secret = freshSecretKey();
  const key = publicKeyOf(secret);
  const pool = openPool({
    reach: { environment: 'test', ca, proxy: null },
    account: key,
    now: Date.now,
    prove: (relay, identity, challenge) => authOperation(identity, secret, relay, challenge, Date.now()),
    log: () => undefined,
  });
  ends.push(() => pool.close());
  return {
    secret,
    key,
    pool,
    publish(operation, relays) {
      const checked = guard(operation);
      if (checked.kind === 'stop') throw new Error(`stopped: ${checked.why}`);
      return pool.publish(checked.frame, relays).first;
    },
  };
}

async function start(options: Parameters<typeof startRelayProcess>[0] = {}): Promise<RelayProcess> {
  const one = await startRelayProcess(options);
  ends.push(() => one.stop());
  return one;
}

const frame = (event: SignedEvent): string => JSON.stringify(['EVENT', event]);
const seconds = (): number => Math.floor(Date.now() / 1000);
const mdk = fromHex(
  readFileSync(new URL('./test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
);
const group = 'cd'.repeat(32) as NostrGroupId;
const CANARY = 'the owl of the north tower sings at noon';
/** Looked for: of several words, since a short one comes about by itself in so much that is sealed. */
const READABLE = 'north tower';

/**
 * The whole way without the engine: MLS bytes are random here, the rest is what will carry them. The relays are in a process of their own,
 * over TLS, want proof of who reads an inbox, and break.
 */
test('found, invited, written to; and no relay reads a word or learns who is in the group', async () => {
  const inboxRelay = await start({ limits: { auth: 'inbox' } });
  // One authority for all relays of a person, as a test profile has it: the other relay speaks without TLS.
  const groupRelay = await start({ tls: false });
  const [inbox, groups] = [inboxRelay.url, groupRelay.url] as [RelayUrl, RelayUrl];
  const [alice, bob] = [person(inboxRelay.ca), person(inboxRelay.ca)];

  // Bob can be found.
  const message = Uint8Array.from(mdk);
  message.set(publicKeyBytes(bob.key), 8 + 33 * 3 + 3);
  const offer = { extensions: [6], proposals: [8, 10], components: [0x8001, 0x8003, 0x8004, 0x8009, 0x800c] };
  const account = bob.key;
  const sign = (draft: Parameters<typeof signEvent>[0]): string => frame(signEvent(draft, bob.secret));
  for (const operation of [
    { kind: 'relay-list', account, text: sign(relayListDraft([inbox], seconds())) },
    { kind: 'inbox-list', account, text: sign(inboxListDraft([inbox], seconds())) },
    { kind: 'key-package', account, text: sign(keyPackageDraft(message, freshSlot(), offer, seconds())) },
  ] as const)
    expect(await bob.publish(operation, [inbox])).toBe('accepted');
  const invited = Promise.withResolvers<SignedEvent>();
  bob.pool.subscribe({ kind: 'inbox', account: bob.key }, [inbox], {
    event: (event) => {
      if (isSigned(event)) invited.resolve(event);
    },
    since: () => null,
  });

  // Alice finds and invites him.
  const found = await findContact(alice.pool, bob.key, [inbox], []);
  if (found.kind !== 'found') throw new Error(found.kind);
  expect(found.inbox).toEqual([inbox]);
  const welcome = {
    keyPackageEvent: found.keyPackages[0]?.event.id ?? ('' as EventId),
    relays: [groups],
    message: Buffer.concat([Buffer.from([0, 1, 0, 3]), randomBytes(900)]),
  };
  const wrap = giftWrap(alice.secret, bob.key, welcomeDraft(welcome, seconds()), Date.now());
  expect(
    await alice.publish(
      { kind: 'gift-wrap', account: alice.key, to: bob.key, text: frame(wrap) },
      found.inbox,
    ),
  ).toBe('accepted');

  // Bob opens the invitation.
  const opened = unwrapGift(bob, await invited.promise);
  if (opened.kind !== 'opened') throw new Error(opened.why);
  expect(opened.rumor.pubkey).toBe(alice.key);
  expect(readWelcome(opened.rumor)).toEqual({ ...welcome, message: Uint8Array.from(welcome.message) });

  // Messages, over a relay that drops, doubles and delays.
  await groupRelay.arm(
    { kind: 'chaos', seed: 11, drop: 0.3, duplicate: 0.3, late: 0.3, lateMs: 50 },
    { times: 'always' },
  );
  const epochKey = randomBytes(32);
  const said = new Set<string>();
  const arrived = Promise.withResolvers<void>();
  const sink = {
    since: () => null,
    event(event: SignedEvent) {
      const read = readGroupEvent(event);
      const inner = read && openGroupEvent(read, [epochKey]);
      // What MLS will do: here the app event stands behind 200 bytes of dice.
      const app = inner && readAppEvent(inner.message.subarray(200), alice.key);
      if (app?.kind !== 'event') throw new Error('does not open');
      const told = readAppMessage(app.event);
      if (told.kind === 'text') said.add(told.text);
      if (said.size === 20) arrived.resolve();
    },
  };
  bob.pool.subscribe({ kind: 'groups', groups: [group] }, [groups], sink);
  for (let at = 0; at < 20; at += 1) {
    const draft = appMessageDraft(
      { kind: 'text', text: `${CANARY} ${at}`, replyTo: null, files: 0 },
      seconds(),
    );
    const { bytes } = encodeAppEvent(alice.key, draft);
    const event = sealGroupEvent(epochKey, group, Buffer.concat([randomBytes(200), bytes]), Date.now());
    const operation = { kind: 'group-message', account: alice.key, group, text: frame(event) } as const;
    expect(await alice.publish(operation, [groups])).toBe('accepted');
  }
  // What was dropped live is still stored: it comes with the next connection.
  await groupRelay.dropConnections();
  await arrived.promise;

  expect(CANARY).toContain(READABLE);
  const frames = [...(await inboxRelay.frames()), ...(await groupRelay.frames())];
  expect(frames.length).toBeGreaterThan(25);
  for (const { text } of frames) {
    expect(text).not.toContain(READABLE);
    expect(Buffer.from(text.match(/"content":"([^"]*)"/)?.[1] ?? '', 'base64').includes(READABLE)).toBe(
      false,
    );
    // Nobody but Bob, in his own inbox, is ever named; the inviter nowhere.
    expect(text).not.toContain(alice.key);
  }
  for (const { text } of await groupRelay.frames()) expect(text).not.toContain(bob.key);
  const authors = (await groupRelay.events()).map(({ event }) => event.pubkey);
  expect(new Set(authors).size).toBe(authors.length);
}, 60_000);
