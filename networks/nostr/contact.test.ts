import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { findContact } from './contact.ts';
import { signEvent, type SignedEvent } from './event.ts';
import { fromHex } from './hex.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { freshSlot, keyPackageDraft, type Slot } from './marmot/key-package-event.ts';
import { inboxListDraft, relayListDraft } from './relay-list.ts';
import { createWorld, urlOf, type World } from './relays/test/pool-world.ts';

const message = fromHex(
  readFileSync(new URL('./test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
);
const offer = { extensions: [6], proposals: [8, 10], components: [0x8009] };
const secret = freshSecretKey();
const key = publicKeyOf(secret);
const keyPackage = (slot: Slot, at: number, change = 0, by = secret): SignedEvent => {
  const bytes = Uint8Array.from(message);
  bytes[40] = change;
  return signEvent(keyPackageDraft(bytes, slot, offer, at), by);
};

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.end();
});
function create(): World {
  const world = createWorld();
  worlds.push(world);
  return world;
}

test('lists are found at the relays of the link, key packages where the account writes', async () => {
  const world = create();
  const [hint, mine, write] = [await world.relay(), await world.relay(), await world.relay()];
  const inbox = [urlOf(hint)];
  hint.put([
    signEvent(relayListDraft([urlOf(mine)], 1), secret),
    signEvent(inboxListDraft(inbox, 1), secret),
  ]);
  mine.put([signEvent(relayListDraft([urlOf(write)], 2), secret)]);
  const [a, b] = [freshSlot(), freshSlot()];
  const newest = keyPackage(a, 30, 2);
  const other = keyPackage(b, 20, 3);
  write.put([keyPackage(a, 10, 1), other, newest]);
  const found = await findContact(world.pool, key, [urlOf(hint)], [urlOf(mine)]);
  expect(found).toMatchObject({ kind: 'found', inbox });
  expect(found.kind === 'found' && found.keyPackages.map(({ event }) => event.id)).toEqual([
    newest.id,
    other.id,
  ]);
  // Where lists are known, nobody else is asked for key packages.
  expect(hint.record.frames().some(({ text }) => text.includes('30443'))).toBe(false);
});

test('two packages of one second: the lower reference first', async () => {
  const world = create();
  const relay = await world.relay();
  relay.put([1, 2, 3, 4].map((change) => keyPackage(freshSlot(), 10, change)));
  const found = await findContact(world.pool, key, [urlOf(relay)], []);
  const refs = found.kind === 'found' ? found.keyPackages.map(({ ref }) => ref) : [];
  expect(refs).toHaveLength(4);
  expect(refs).toEqual(refs.toSorted());
});

test('another’s key package, an old format, or a malformed one does not count', async () => {
  const world = create();
  const relay = await world.relay();
  const legacy = signEvent({ ...keyPackage(freshSlot(), 10), kind: 443 }, secret);
  const good = keyPackage(freshSlot(), 10);
  const malformed = signEvent({ ...good, tags: [...good.tags, ['i', 'x']] }, secret);
  relay.put([keyPackage(freshSlot(), 10, 0, freshSecretKey()), legacy, malformed]);
  expect(await findContact(world.pool, key, [urlOf(relay)], [])).toEqual({ kind: 'no-key-package' });
});

test('no answer is not "nobody"', async () => {
  const world = create();
  const relay = await world.relay();
  await relay.goOffline();
  expect(await findContact(world.pool, key, [urlOf(relay)], [])).toEqual({ kind: 'unreachable' });
  expect(await findContact(world.pool, key, [], [])).toEqual({ kind: 'unreachable' });
});
