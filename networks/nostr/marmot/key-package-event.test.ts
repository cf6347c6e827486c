import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { signEvent, type Draft, type Tag } from '../event.ts';
import { fromHex } from '../hex.ts';
import { freshSecretKey } from '../keys.ts';
import { freshSlot, keyPackageDraft, keyPackageRef, readKeyPackageEvent } from './key-package-event.ts';

const message = fromHex(
  readFileSync(new URL('../test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
);
const secret = freshSecretKey();
const slot = freshSlot();
const offer = { extensions: [6], proposals: [8, 10], components: [0x8001, 0x8003, 0x8009] };
const draft = keyPackageDraft(message, slot, offer, 1_800_000_000);
const read = (change: Partial<Draft>) => readKeyPackageEvent(signEvent({ ...draft, ...change }, secret));

/** The tags with one in another form, or gone. */
const withTag = (name: string, ...tags: readonly Tag[]): Partial<Draft> => ({
  tags: draft.tags.flatMap((tag) => (tag[0] === name ? tags : [tag])),
});

test('an offer reads back as it was made, in the form of the specification', () => {
  expect(draft.tags).toEqual([
    ['d', slot],
    ['mls_protocol_version', '1.0'],
    ['i', keyPackageRef(message)],
    ['mls_ciphersuite', '0x0001'],
    ['mls_extensions', '0x0006'],
    ['mls_proposals', '0x0008', '0x000a'],
    ['app_components', '0x8001', '0x8003', '0x8009'],
  ]);
  expect(read({})).toEqual({ slot, ref: keyPackageRef(message), suites: [1], ...offer, message });
});

test('every tag is there once and well-formed', () => {
  for (const [name] of draft.tags) {
    const tag = draft.tags.find(([first]) => first === name) ?? [];
    expect(read(withTag(name ?? ''))).toBeNull();
    expect(read(withTag(name ?? '', tag, tag))).toBeNull();
    expect(read(withTag(name ?? '', [name ?? '']))).toBeNull();
  }
  const bad: readonly (readonly [string, ...string[]])[] = [
    ['d', slot.toUpperCase()],
    ['d', slot.slice(2)],
    ['d', slot, 'more'],
    ['i', freshSlot()],
    ['mls_protocol_version', '1'],
    ['mls_ciphersuite', '1'],
    ['mls_ciphersuite', '0x0002'],
    ['mls_extensions', '0x6'],
    ['mls_extensions', '0x0006', '0x0006'],
    ['mls_proposals', '0x000A'],
    ['app_components', '0x8001', '0x8003'],
    ['app_components', '0x8009', ''],
  ];
  for (const tag of bad) expect(read(withTag(tag[0], tag))).toBeNull();
});

test('the content is one key package, in one spelling', () => {
  const changed = Uint8Array.from(message);
  changed[20] = (changed[20] ?? 0) ^ 1;
  for (const content of [
    '',
    'plain text',
    Buffer.from(message).toString('hex'),
    `${draft.content}\n`,
    Buffer.from(changed).toString('base64'),
    Buffer.from(message.subarray(4)).toString('base64'),
    Buffer.concat([message, Buffer.alloc(17_000)]).toString('base64'),
  ])
    expect(read({ content })).toBeNull();
  for (const kind of [443, 30_444]) expect(read({ kind })).toBeNull();
});

test('no tags and no content make it throw', () => {
  const names = fc.constantFrom('d', 'i', 'mls_ciphersuite', 'app_components', 'x');
  const tag = fc.tuple(names, fc.string()).map((pair): Tag => pair);
  const event = signEvent(draft, secret);
  fc.assert(
    fc.property(fc.array(tag), fc.base64String(), (tags, content) => {
      expect(readKeyPackageEvent({ ...event, tags, content })).toBeNull();
      readKeyPackageEvent({ ...event, tags: [...event.tags, ...tags] });
    }),
  );
});
