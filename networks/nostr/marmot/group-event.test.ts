import { createDecipheriv, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { readSignedEvent, signEvent, type Draft } from '../event.ts';
import { freshSecretKey } from '../keys.ts';
import { openGroupEvent, readGroupEvent, sealGroupEvent } from './group-event.ts';
import type { NostrGroupId } from './routing.ts';

const group = 'cd'.repeat(32) as NostrGroupId;
const key = randomBytes(32);
const now = 1_800_000_000_999;
const message = Uint8Array.from([0, 1, 0, 2, 7, 7, 7]);

test('who has the key of the epoch opens it, and nobody else', () => {
  const event = sealGroupEvent(key, group, message, now);
  expect(event).toMatchObject({ kind: 445, created_at: 1_800_000_000, tags: [['h', group]] });
  const found = readGroupEvent(event);
  if (found === null) throw new Error('own event does not read');
  expect(found).toMatchObject({ group, expiration: null });
  expect(openGroupEvent(found, [randomBytes(32), key, randomBytes(32)])).toEqual({ message, key: 1 });
  expect(openGroupEvent(found, [randomBytes(32)])).toBeNull();
  expect(openGroupEvent(found, [])).toBeNull();
});

test('another implementation of the cipher opens it (RFC 8439, no associated data)', () => {
  const found = readGroupEvent(sealGroupEvent(key, group, message, now));
  if (found === null) throw new Error('own event does not read');
  const decipher = createDecipheriv('chacha20-poly1305', key, found.sealed.subarray(0, 12), {
    authTagLength: 16,
  });
  decipher.setAuthTag(found.sealed.subarray(-16));
  expect(Buffer.concat([decipher.update(found.sealed.subarray(12, -16)), decipher.final()])).toEqual(
    Buffer.from(message),
  );
});

test('every event has a key and a nonce of its own', () => {
  const events = Array.from({ length: 20 }, () => sealGroupEvent(key, group, message, now));
  expect(new Set(events.map(({ pubkey }) => pubkey)).size).toBe(20);
  expect(new Set(events.map(({ content }) => content.slice(0, 16))).size).toBe(20);
  for (const event of events) expect(readSignedEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
  expect(() => sealGroupEvent(key.subarray(1), group, message, now)).toThrow('32 bytes');
});

test('tags are the group’s name and at most a time', () => {
  const good = sealGroupEvent(key, group, message, now, 1_900_000_000);
  expect(good.tags).toEqual([
    ['h', group],
    ['expiration', '1900000000'],
  ]);
  expect(readGroupEvent(good)).toMatchObject({ group, expiration: 1_900_000_000 });
  const h = ['h', group];
  const read = (change: Partial<Draft>) =>
    readGroupEvent(signEvent({ ...good, ...change }, freshSecretKey()));
  for (const tags of [
    [],
    [h, h],
    [['h']],
    [['h', group.toUpperCase()]],
    [['h', group.slice(2)]],
    [['h', group, 'root']],
    [h, ['e', 'x']],
    [h, []],
    [h, ['expiration', '-1']],
    [h, ['expiration', '1.5']],
    [h, ['expiration', '01']],
    [h, ['expiration', '1'], ['expiration', '1']],
  ])
    expect(read({ tags })).toBeNull();
  expect(read({ tags: [['expiration', '1'], h] })).toMatchObject({ expiration: 1 });
  for (const content of ['', 'text', Buffer.alloc(27).toString('base64'), `${good.content}=`])
    expect(read({ content })).toBeNull();
  expect(read({ kind: 444 })).toBeNull();
});

test('a changed event does not open, and nothing makes it throw', () => {
  const event = sealGroupEvent(key, group, message, now);
  const sealed = Buffer.from(event.content, 'base64');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ change;
      const found = readGroupEvent({ ...event, content: changed.toString('base64') });
      expect(found && openGroupEvent(found, [key])).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(fc.string())), fc.base64String(), (tags, content) => {
      const found = readGroupEvent({ ...event, tags: [['h', group], ...tags], content });
      if (found) expect(openGroupEvent(found, [key])).toBeNull();
    }),
  );
});
