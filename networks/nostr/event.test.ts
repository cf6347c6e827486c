import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { finalizeEvent, getEventHash, verifyEvent } from 'nostr-tools/pure';
import {
  onlyTag,
  onlyValue,
  readAnonymousEvent,
  readRumor,
  readSignedEvent,
  rumorOf,
  signEvent,
} from './event.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';

const secret = freshSecretKey();
const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((one) => one.isWellFormed());
const draft = fc.record({
  created_at: fc.nat(),
  kind: fc.integer({ min: 0, max: 65_535 }),
  tags: fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 4 }),
  content: text,
});

describe('events', () => {
  test('what is signed here holds for another implementation, and the other way round', () => {
    fc.assert(
      fc.property(draft, (one) => {
        const mine = signEvent(one, secret);
        expect(verifyEvent({ ...mine, tags: mine.tags.map((tag) => [...tag]) })).toBe(true);
        expect(readSignedEvent(JSON.parse(JSON.stringify(mine)))).toEqual(mine);
        const { id, pubkey, sig } = finalizeEvent({ ...one }, secret);
        const theirs = { id, pubkey, ...one, sig };
        expect(readSignedEvent(JSON.parse(JSON.stringify(theirs)))).toEqual(theirs);
      }),
      { numRuns: 30 },
    );
  });

  test('the id of an unsigned event is the other implementation’s', () => {
    fc.assert(
      fc.property(draft, (one) => {
        const rumor = rumorOf(publicKeyOf(secret), one);
        expect(rumor.id).toBe(getEventHash({ ...one, pubkey: rumor.pubkey }));
        expect(readRumor(JSON.parse(JSON.stringify(rumor)))).toEqual(rumor);
      }),
    );
  });

  test('the specification’s id of a row comes out', () => {
    const pubkey = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
    const content = `{"v":1,"system_type":"group_disbanded","text":"Group disbanded","data":{"actor":"${pubkey}"}}`;
    const event = {
      id: '126e47076e4d0a75ed260b279c33ed433acd764fc80e2de2e0315a64116d1f52',
      pubkey,
      created_at: 1_700_000_000,
      kind: 1210,
      tags: [['system', 'group_disbanded']],
      content,
    };
    expect(readRumor(event)).toEqual(event);
  });

  test('any change is noticed', () => {
    const good = signEvent({ created_at: 1, kind: 1, tags: [['a', 'b']], content: 'text' }, secret);
    const other = signEvent({ created_at: 1, kind: 1, tags: [], content: 'other' }, freshSecretKey());
    const changes: readonly object[] = [
      { content: 'texu' },
      { kind: 2 },
      { created_at: 2 },
      { tags: [['a', 'c']] },
      { pubkey: other.pubkey },
      { sig: other.sig },
      { id: other.id },
      { id: good.id.toUpperCase() },
      { sig: good.sig.slice(2) },
      { created_at: -1 },
      { created_at: 1.5 },
      { created_at: '1' },
      { kind: 65_536 },
      { tags: [['a', 1]] },
      { tags: 'a' },
      { content: null },
      { content: '\ud800' },
      { more: 1 },
      { sig: undefined },
    ];
    for (const change of changes) expect(readSignedEvent({ ...good, ...change })).toBeNull();
    expect(readSignedEvent(good)).toEqual(good);
    // But for another signature, which says nothing where anybody could have made it.
    const said = rumorOf(good.pubkey, good);
    for (const change of changes)
      expect(readAnonymousEvent({ ...good, ...change })).toEqual(
        'sig' in change && change.sig === other.sig ? said : null,
      );
    expect(readAnonymousEvent(good)).toEqual(said);
    expect(readRumor(good)).toBeNull();
  });

  test('no value at all makes a reader throw', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(readSignedEvent(value)).toBeNull();
        expect(readAnonymousEvent(value)).toBeNull();
        expect(readRumor(value)).toBeNull();
      }),
      { numRuns: 500 },
    );
    const members = fc.record({
      id: fc.oneof(fc.anything(), fc.constant('0'.repeat(64))),
      pubkey: fc.oneof(fc.anything(), fc.constant('f'.repeat(64))),
      created_at: fc.oneof(fc.anything(), fc.nat()),
      kind: fc.oneof(fc.anything(), fc.nat()),
      tags: fc.oneof(fc.anything(), fc.array(fc.array(fc.anything()))),
      content: fc.oneof(fc.anything(), fc.string()),
      sig: fc.oneof(fc.anything(), fc.constant('0'.repeat(128))),
    });
    fc.assert(
      fc.property(members, (value) => {
        expect(readSignedEvent(value)).toBeNull();
        expect(readAnonymousEvent(value)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('a tag that must be alone is not read when it is not', () => {
    const tags = [['a', '1'], ['b'], ['c', '1'], ['c', '2'], ['d', '1', '2'], []];
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => onlyTag(tags, name))).toEqual([
      ['1'],
      [],
      null,
      ['1', '2'],
      null,
    ]);
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => onlyValue(tags, name))).toEqual([
      '1',
      null,
      null,
      null,
      null,
    ]);
  });
});
