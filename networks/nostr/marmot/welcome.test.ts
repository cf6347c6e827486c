import { expect, test } from 'vitest';
import fc from 'fast-check';
import { rumorOf, type Draft, type EventId } from '../event.ts';
import { freshSecretKey, publicKeyOf } from '../keys.ts';
import type { RelayUrl } from '../relay-url.ts';
import { readWelcome, welcomeDraft } from './welcome.ts';

const author = publicKeyOf(freshSecretKey());
const welcome = {
  keyPackageEvent: 'ab'.repeat(32) as EventId,
  relays: ['wss://a.example', 'wss://b.example'] as RelayUrl[],
  message: Uint8Array.from([0, 1, 0, 3, 9, 9]),
};
const draft = welcomeDraft(welcome, 5);
const read = (change: Partial<Draft>) => readWelcome(rumorOf(author, { ...draft, ...change }));

test('an invitation reads back as it was made', () => {
  expect(read({})).toEqual(welcome);
  expect(draft.tags).toEqual([
    ['e', welcome.keyPackageEvent],
    ['relays', ...welcome.relays],
  ]);
});

test('what is not quite an invitation is none', () => {
  const [e = [], relays = []] = draft.tags;
  const base64 = (...bytes: readonly number[]): string => Buffer.from(bytes).toString('base64');
  const bad: readonly Partial<Draft>[] = [
    { kind: 445 },
    { tags: [e] },
    { tags: [relays] },
    { tags: [e, e, relays] },
    { tags: [[...e, 'more'], relays] },
    { tags: [['e', 'AB'.repeat(32)], relays] },
    { tags: [e, ['relays']] },
    { tags: [e, ['relays', 'https://a.example']] },
    { tags: [e, [...relays, 'wss://a.example']] },
    { content: '' },
    { content: base64(0, 1, 0, 3) },
    { content: base64(0, 1, 0, 5, 9) },
    { content: base64(0, 2, 0, 3, 9) },
    { content: base64(9, 9, 9) },
    { content: 'AAEAAwkJ ' },
  ];
  for (const change of bad) expect(read(change)).toBeNull();
});

test('no tags and no content make it throw', () => {
  const tags = fc.array(fc.array(fc.oneof(fc.constantFrom('e', 'relays', 'wss://a.example'), fc.string())));
  fc.assert(fc.property(tags, fc.string(), (some, content) => void read({ tags: some, content })));
});
