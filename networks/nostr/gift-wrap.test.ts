import { expect, test } from 'vitest';
import fc from 'fast-check';
import * as nip59 from 'nostr-tools/nip59';
import { readSignedEvent, rumorOf, seconds, signEvent, type Draft, type SignedEvent } from './event.ts';
import { GIFT_WRAP_KIND, giftWrap, SEAL_KIND, TIME_BLUR_SECONDS, unwrapGift } from './gift-wrap.ts';
import { freshSecretKey, publicKeyOf, type PublicKey, type SecretKey } from './keys.ts';
import { conversationKey, sealText } from './nip44.ts';

const [alice, bob, mallory] = [freshSecretKey(), freshSecretKey(), freshSecretKey()];
const own = (secret: SecretKey) => ({ secret, key: publicKeyOf(secret) });
const now = 1_800_000_000_000;
const draft: Draft = { created_at: 5, kind: 444, tags: [['e', 'x']], content: 'welcome' };

test('only its recipient opens a wrap, and learns who wrote it', () => {
  const wrap = giftWrap(alice, publicKeyOf(bob), draft, now);
  expect(unwrapGift(own(bob), wrap)).toEqual({ kind: 'opened', rumor: rumorOf(publicKeyOf(alice), draft) });
  expect(unwrapGift(own(mallory), wrap)).toEqual({ kind: 'refused', why: 'not-mine' });
  expect(unwrapGift(own(alice), wrap)).toEqual({ kind: 'refused', why: 'not-mine' });
  expect(wrap.tags).toEqual([['p', publicKeyOf(bob)]]);
  expect(JSON.stringify(wrap)).not.toContain(publicKeyOf(alice));
  expect(wrap.created_at).toBeLessThanOrEqual(seconds(now));
  expect(wrap.created_at).toBeGreaterThan(seconds(now) - TIME_BLUR_SECONDS);
  expect(giftWrap(alice, publicKeyOf(bob), draft, now).pubkey).not.toBe(wrap.pubkey);
});

test('another implementation opens it, and the other way round', () => {
  const wrap = giftWrap(alice, publicKeyOf(bob), draft, now);
  const opened = nip59.unwrapEvent({ ...wrap, tags: wrap.tags.map((tag) => [...tag]) }, bob);
  expect(opened).toMatchObject({ ...draft, pubkey: publicKeyOf(alice) });
  const theirs = nip59.wrapEvent({ ...draft, tags: [['e', 'x']] }, alice, publicKeyOf(bob));
  const read = readSignedEvent(JSON.parse(JSON.stringify(theirs)));
  expect(read && unwrapGift(own(bob), read)).toMatchObject({ kind: 'opened', rumor: { content: 'welcome' } });
});

/** A wrap whose inside is whatever the test wants. */
function wrapOf(inside: string, to = publicKeyOf(bob), kind = GIFT_WRAP_KIND): SignedEvent {
  const once = freshSecretKey();
  return signEvent(
    { created_at: 1, kind, tags: [['p', to]], content: sealText(conversationKey(once, to), inside) },
    once,
  );
}

/** A seal by `by` around whatever the test wants. */
function sealOf(by: SecretKey, inside: string, change: Partial<Draft> = {}): SignedEvent {
  const content = sealText(conversationKey(by, publicKeyOf(bob)), inside);
  return signEvent({ created_at: 1, kind: SEAL_KIND, tags: [], content, ...change }, by);
}

test('whoever seals cannot speak for somebody else', () => {
  const rumor = rumorOf(publicKeyOf(alice), draft);
  const seal = sealOf(mallory, JSON.stringify(rumor));
  expect(unwrapGift(own(bob), wrapOf(JSON.stringify(seal)))).toEqual({
    kind: 'refused',
    why: 'other-author',
  });
  const renamed = { ...seal, pubkey: publicKeyOf(alice) };
  expect(unwrapGift(own(bob), wrapOf(JSON.stringify(renamed)))).toEqual({ kind: 'refused', why: 'bad-seal' });
});

test('every layer is checked', () => {
  const rumor = JSON.stringify(rumorOf(publicKeyOf(alice), draft));
  const refusals: readonly (readonly [SignedEvent, string])[] = [
    [wrapOf(JSON.stringify(sealOf(alice, rumor)), publicKeyOf(bob), 1060), 'not-a-wrap'],
    [wrapOf('nonsense'), 'bad-seal'],
    [wrapOf(JSON.stringify(sealOf(alice, rumor, { kind: 14 }))), 'bad-seal'],
    [wrapOf(JSON.stringify(sealOf(alice, rumor, { tags: [['p', 'x']] }))), 'bad-seal'],
    [wrapOf(JSON.stringify({ ...sealOf(alice, rumor), created_at: 2 })), 'bad-seal'],
    [wrapOf(JSON.stringify(sealOf(alice, rumor, { content: 'plain' }))), 'bad-seal'],
    [wrapOf(JSON.stringify(sealOf(alice, 'nonsense'))), 'bad-rumor'],
    [wrapOf(JSON.stringify(sealOf(alice, rumor.replace('welcome', 'other')))), 'bad-rumor'],
    [wrapOf(JSON.stringify(sealOf(alice, JSON.stringify(signEvent(draft, alice))))), 'bad-rumor'],
    [wrapOf(JSON.stringify(sealOf(alice, rumor.replace('"kind":444', '"kind":1,"kind":444')))), 'bad-rumor'],
  ];
  for (const [wrap, why] of refusals) expect(unwrapGift(own(bob), wrap)).toEqual({ kind: 'refused', why });
  const good = giftWrap(alice, publicKeyOf(bob), draft, now);
  const twice = signEvent({ ...good, tags: [...good.tags, ...good.tags] }, mallory);
  expect(unwrapGift(own(bob), twice)).toEqual({ kind: 'refused', why: 'not-mine' });
});

test('AT-17 a wrap or a seal by a key that is no point is none', () => {
  const wrap = giftWrap(alice, publicKeyOf(bob), draft, now);
  const seal = sealOf(alice, JSON.stringify(rumorOf(publicKeyOf(alice), draft)));
  for (const bad of ['0'.repeat(64), 'f'.repeat(64), '1234567890abcdef'.repeat(4)]) {
    const by = (event: SignedEvent): SignedEvent => {
      const { id } = rumorOf(bad as PublicKey, event);
      return { ...event, pubkey: bad as PublicKey, id };
    };
    expect(readSignedEvent(by(wrap))).toBeNull();
    expect(unwrapGift(own(bob), wrapOf(JSON.stringify(by(seal))))).toEqual({
      kind: 'refused',
      why: 'bad-seal',
    });
  }
});

test('nothing inside makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.json()), (inside) => {
      expect(unwrapGift(own(bob), wrapOf(inside)).kind).toBe('refused');
      expect(unwrapGift(own(bob), wrapOf(JSON.stringify(sealOf(mallory, inside)))).kind).toBe('refused');
    }),
    { numRuns: 20 },
  );
});

test('a welcome of 30 KB fits, what does not fit is said', () => {
  const large = { ...draft, content: 'x'.repeat(40_000) };
  expect(unwrapGift(own(bob), giftWrap(alice, publicKeyOf(bob), large, now)).kind).toBe('opened');
  const larger = { ...draft, content: 'x'.repeat(50_000) };
  expect(() => giftWrap(alice, publicKeyOf(bob), larger, now)).toThrow('too long');
});
