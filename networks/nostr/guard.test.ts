import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { authEvent } from './auth.ts';
import { signEvent, type Draft, type SignedEvent } from './event.ts';
import { giftWrap } from './gift-wrap.ts';
import { guard, isPassed, nostrGuard, type Operation } from './guard.ts';
import { holdsText } from './guard-text.ts';
import { fromHex } from './hex.ts';
import { freshSecretKey, publicKeyOf, secretKeyFrom } from './keys.ts';
import { encodeAppEvent } from './marmot/app-event.ts';
import { sealGroupEvent } from './marmot/group-event.ts';
import { freshSlot, keyPackageDraft } from './marmot/key-package-event.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import { welcomeDraft } from './marmot/welcome.ts';
import { inboxListDraft, relayListDraft } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';

const secret = freshSecretKey();
const account = publicKeyOf(secret);
const to = publicKeyOf(freshSecretKey());
const group = 'cd'.repeat(32) as NostrGroupId;
const relay = 'wss://relay.example' as RelayUrl;
const now = 1_800_000_000_000;
const once = freshSecretKey();

const eventText = (event: SignedEvent): string => JSON.stringify(['EVENT', event]);
const check = (operation: Operation): string => {
  const verdict = nostrGuard.check(operation, () => false);
  return verdict === 'pass' ? 'pass' : verdict.stop;
};

/** A key package of mine: MDK's with my key in the place of its owner's. */
const message = fromHex(
  readFileSync(new URL('./test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
);
message.set(fromHex(account), 8 + 33 * 3 + 3);
const offer = { extensions: [6], proposals: [8, 10], components: [0x8001, 0x8009] };
const keyPackage = keyPackageDraft(message, freshSlot(), offer, 1);

const mls = Buffer.concat([Buffer.from([0, 1, 0, 2]), randomBytes(300)]);
const groupEvent = sealGroupEvent(randomBytes(32), group, mls, now, 1_900_000_000);
const welcome = welcomeDraft(
  {
    keyPackageEvent: groupEvent.id,
    relays: [relay],
    message: Buffer.concat([Buffer.from([0, 1, 0, 3]), randomBytes(700)]),
  },
  1,
);
const wrap = giftWrap(secret, to, welcome, now);
const request = (filter: object): string => JSON.stringify(['REQ', '0123456789abcdef', filter]);

const good: readonly Operation[] = [
  { kind: 'key-package', account, text: eventText(signEvent(keyPackage, secret)) },
  { kind: 'relay-list', account, text: eventText(signEvent(relayListDraft([relay], 1), secret)) },
  { kind: 'inbox-list', account, text: eventText(signEvent(inboxListDraft([relay], 1), secret)) },
  { kind: 'gift-wrap', account, to, text: eventText(wrap) },
  { kind: 'group-message', account, group, text: eventText(groupEvent) },
  {
    kind: 'account-auth',
    account,
    relay,
    text: JSON.stringify(['AUTH', authEvent(secret, relay, 'c', now)]),
  },
  { kind: 'nobody-auth', account, relay, text: JSON.stringify(['AUTH', authEvent(once, relay, 'c', now)]) },
  {
    kind: 'account-request',
    account,
    text: request({ kinds: [1059], '#p': [account], since: 5, limit: 500 }),
  },
  {
    kind: 'account-request',
    account,
    text: request({ kinds: [10_002, 10_050, 30_443], authors: [account], limit: 9 }),
  },
  { kind: 'nobody-request', account, text: request({ kinds: [445], '#h': [group], limit: 0 }) },
  { kind: 'nobody-request', account, text: request({ kinds: [10_002, 10_050], authors: [to], limit: 2 }) },
  { kind: 'nobody-request', account, text: request({ kinds: [30_443], authors: [to], until: 9, limit: 50 }) },
  { kind: 'close', text: JSON.stringify(['CLOSE', '0123456789abcdef']) },
];

describe('the guard', () => {
  test('lets through what the lane sends, and nothing under another name', () => {
    for (const operation of good) {
      expect(check(operation)).toBe('pass');
      const others = good.filter(({ kind }) => kind !== operation.kind);
      for (const other of others) expect(check({ ...operation, text: other.text })).not.toBe('pass');
    }
    expect(check({ kind: 'note', text: good[0]?.text } as unknown as Operation)).toBe('unknown operation');
  });

  test('only what it let through can be sent, as whom and where it says', () => {
    const passes = good.map((operation) => guard(operation));
    for (const pass of passes) expect(pass.kind === 'pass' && isPassed(pass.frame)).toBe(true);
    const [first] = passes;
    expect(first?.kind === 'pass' && isPassed({ ...first.frame })).toBe(false);
    expect(
      passes.map((pass) => (pass.kind === 'pass' ? [pass.frame.identity, pass.frame.relay] : null)),
    ).toEqual([
      ['account', null],
      ['account', null],
      ['account', null],
      ['nobody', null],
      ['nobody', null],
      ['account', relay],
      ['nobody', relay],
      ['account', null],
      ['account', null],
      ['nobody', null],
      ['nobody', null],
      ['nobody', null],
      [null, null],
    ]);
  });

  test('a builder that forgets to seal is found', () => {
    const said = encodeAppEvent(account, {
      created_at: 1,
      kind: 9,
      tags: [],
      content: 'наше место встречи',
    }).bytes;
    const plain: readonly (readonly [Uint8Array, string])[] = [
      [said, 'text in the clear'],
      [Buffer.concat([randomBytes(12), said, randomBytes(16)]), 'text in the clear'],
      [Buffer.from('Ж'.repeat(80)), 'text in the clear'],
      [Buffer.from('漢'.repeat(60)), 'text in the clear'],
      [mls, 'MLS message in the clear'],
      [Buffer.concat([randomBytes(12), mls]), 'MLS message in the clear'],
      [Buffer.from('short'), 'not sealed'],
      [Buffer.alloc(0), 'not sealed'],
    ];
    for (const [bytes, why] of plain) {
      const content = Buffer.from(bytes).toString('base64');
      const event = signEvent({ created_at: 1, kind: 445, tags: [['h', group]], content }, once);
      expect(check({ kind: 'group-message', account, group, text: eventText(event) })).toBe(why);
    }
    for (const content of ['in the clear', JSON.stringify(welcome), Buffer.from(said).toString('base64')]) {
      const event = signEvent({ created_at: 1, kind: 1059, tags: [['p', to]], content }, once);
      expect(check({ kind: 'gift-wrap', account, to, text: eventText(event) })).toBe('not NIP-44');
    }
    const disguised = Buffer.concat([Buffer.of(2), Buffer.alloc(66 + 64, 'text ')]).toString('base64');
    const event = signEvent({ created_at: 1, kind: 1059, tags: [['p', to]], content: disguised }, once);
    expect(check({ kind: 'gift-wrap', account, to, text: eventText(event) })).toBe('text in the clear');
  });

  test('an event that tells more than it must is stopped', () => {
    const changed = (draft: Draft, change: Partial<Draft>, by = secret): string =>
      eventText(signEvent({ ...draft, ...change }, by));
    const [list, inbox] = [relayListDraft([relay], 1), inboxListDraft([relay], 1)];
    const h = ['h', group];
    const stops: readonly (readonly [Operation, string])[] = [
      [{ kind: 'group-message', account, group, text: changed(groupEvent, {}, secret) }, 'names the account'],
      [
        {
          kind: 'group-message',
          account,
          group,
          text: changed(groupEvent, { tags: [h, ['p', account]] }, once),
        },
        'names the account',
      ],
      [
        { kind: 'group-message', account, group, text: changed(groupEvent, { tags: [h, ['e', to]] }, once) },
        'tags',
      ],
      [
        { kind: 'group-message', account, group, text: changed(groupEvent, { tags: [['h', to]] }, once) },
        'tags',
      ],
      [{ kind: 'group-message', account, group, text: changed(groupEvent, { tags: [] }, once) }, 'tags'],
      [{ kind: 'gift-wrap', account, to, text: changed(wrap, {}, secret) }, 'signed as the account'],
      [
        { kind: 'gift-wrap', account, to, text: changed(wrap, { tags: [['p', account]] }, once) },
        'recipient',
      ],
      [
        {
          kind: 'gift-wrap',
          account,
          to,
          text: changed(
            wrap,
            {
              tags: [
                ['p', to],
                ['p', account],
              ],
            },
            once,
          ),
        },
        'recipient',
      ],
      [
        { kind: 'relay-list', account, text: changed(list, { content: 'my relays' }) },
        'content in the clear',
      ],
      [{ kind: 'relay-list', account, text: changed(list, {}, once) }, 'author'],
      [
        {
          kind: 'relay-list',
          account,
          text: changed(list, { tags: [['r', 'wss://me:pass@relay.example']] }),
        },
        'tag value',
      ],
      [
        { kind: 'inbox-list', account, text: changed(inbox, { tags: [['relay', 'my secret']] }) },
        'tag value',
      ],
      [{ kind: 'key-package', account, text: changed(keyPackage, {}, once) }, 'author'],
      [
        {
          kind: 'key-package',
          account,
          text: changed(keyPackage, { tags: [...keyPackage.tags, ['client', 'x']] }),
        },
        'tags',
      ],
      [
        { kind: 'key-package', account, text: changed(keyPackage, { content: mls.toString('base64') }) },
        'not a key package',
      ],
      [
        {
          kind: 'key-package',
          account,
          text: changed(keyPackage, {
            content: Buffer.concat([Buffer.from([0, 1, 0, 5]), randomBytes(300)]).toString('base64'),
          }),
        },
        'not my key package',
      ],
    ];
    for (const [operation, why] of stops) expect(check(operation)).toBe(why);
  });

  test('no word stands behind a value', () => {
    const told = (draft: Draft, tags: Draft['tags'], by = secret): string =>
      eventText(signEvent({ ...draft, tags }, by));
    const valued = (name: string, value: string): string =>
      told(
        keyPackage,
        keyPackage.tags.map((tag) => (tag[0] === name ? [name, value] : tag)),
      );
    const slot = `a${' meet me at nine'.repeat(4)}`.slice(0, 64);
    for (const text of [
      valued('d', slot),
      valued('mls_ciphersuite', '0x0001 meet me'),
      valued('mls_protocol_version', '1.0 meet me'),
      told(
        keyPackage,
        keyPackage.tags.map((tag) => (tag[0] === 'mls_proposals' ? ['mls_proposals'] : tag)),
      ),
    ])
      expect(check({ kind: 'key-package', account, text })).toBe('tag value');
    const expiring = (time: string): string =>
      told(
        groupEvent,
        [
          ['h', group],
          ['expiration', time],
        ],
        once,
      );
    expect(check({ kind: 'group-message', account, group, text: expiring('1900000000') })).toBe('pass');
    for (const time of ['1900000000 meet me', 'meet me', '0'])
      expect(check({ kind: 'group-message', account, group, text: expiring(time) })).toBe('tags');
    const list = (many: number): string =>
      told(
        relayListDraft([relay], 1),
        Array.from({ length: many }, (_, at) => ['r', `wss://r${at}.example`]),
      );
    expect(check({ kind: 'relay-list', account, text: list(50) })).toBe('pass');
    expect(check({ kind: 'relay-list', account, text: list(51) })).toBe('tags');
    const listed = told(relayListDraft([relay], 1), [['r', 'wss://relay.example meet me']]);
    expect(check({ kind: 'relay-list', account, text: listed })).toBe('tag value');
  });

  test('a proof says nothing but who speaks, to whom and in answer to what', () => {
    const proof = authEvent(secret, relay, 'c', now);
    const told = (change: Partial<Draft>): string =>
      check({
        kind: 'account-auth',
        account,
        relay,
        text: JSON.stringify(['AUTH', signEvent({ ...proof, ...change }, secret)]),
      });
    const asked = ['relay', relay];
    expect(told({})).toBe('pass');
    expect(told({ kind: 1 })).toBe('kind');
    expect(told({ content: 'hello' })).toBe('content in the clear');
    for (const challenge of [
      ['challenge', 'x'.repeat(257)],
      ['challenge'],
      ['note', 'hello'],
      ['challenge', 'c', 'hello'],
    ])
      expect(told({ tags: [asked, challenge] })).toBe('challenge');
    expect(told({ tags: [asked, ['challenge', 'c'], ['note', 'hello']] })).toBe('tags');
  });

  test('each part of a frame has its own form', () => {
    type Parts = Readonly<Record<string, unknown>>;
    /** With the id that fits, unless the id is what is changed. */
    const framed = (parts: Parts): string => {
      const { pubkey, created_at, kind, tags, content } = parts;
      const said = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
      const id = createHash('sha256').update(said).digest('hex');
      return JSON.stringify(['EVENT', { ...parts, id: parts['id'] === groupEvent.id ? id : parts['id'] }]);
    };
    const checked = (change: Parts): string =>
      check({ kind: 'group-message', account, group, text: framed({ ...groupEvent, ...change }) });
    expect(checked({})).toBe('pass');
    const changes: readonly Parts[] = [
      { id: 'ab'.repeat(32) },
      { id: 'hello' },
      { pubkey: 'hello' },
      { sig: 'hello' },
      { sig: `${groupEvent.sig.slice(0, -16)} meet me at nine` },
      { created_at: 1.5 },
      { created_at: 'today' },
      { kind: '445' },
      { tags: { h: group } },
      { tags: [`h,${group}`] },
      { tags: [['h', [group]]] },
      { content: [groupEvent.content] },
      { note: 'hello' },
    ];
    for (const change of changes) expect(checked(change), JSON.stringify(change)).toBe('does not parse');
    const filter = { kinds: [445], '#h': [group], limit: 0 };
    for (const frame of [
      ['REQ', 'meet me at nine!', filter],
      ['REQ', '0123456789abcdef', [filter]],
      ['REQ', '0123456789abcdef', 'hello'],
      ['REQ', '0123456789abcdef', filter, filter],
    ])
      expect(check({ kind: 'nobody-request', account, text: JSON.stringify(frame) })).toBe('does not parse');
    for (const frame of [
      ['CLOSE', 'meet me at nine!'],
      ['CLOSE', '0123456789abcdef', 'hello'],
      ['NOTE', '0123456789abcdef'],
      { CLOSE: 1 },
    ])
      expect(check({ kind: 'close', text: JSON.stringify(frame) })).toBe('does not parse');
  });

  test('a wrap is as long as NIP-44 makes it', () => {
    const wrapped = (length: number): string => {
      const content = Buffer.concat([Buffer.of(2), randomBytes(66 + length)]).toString('base64');
      return eventText(signEvent({ created_at: 1, kind: 1059, tags: [['p', to]], content }, once));
    };
    const verdict = (length: number): string =>
      check({ kind: 'gift-wrap', account, to, text: wrapped(length) });
    for (const length of [32, 64, 256, 320, 65_536]) expect(verdict(length)).toBe('pass');
    for (const length of [0, 16, 33, 257, 288, 81_920])
      expect(verdict(length), String(length)).toBe('not NIP-44');
  });

  test('a proof goes to its own relay only, and a request asks no more than it may', () => {
    const auth = (by = secret, where = relay): string =>
      JSON.stringify(['AUTH', authEvent(by, where, 'c', now)]);
    expect(
      check({ kind: 'account-auth', account, relay, text: auth(secret, 'wss://other.example' as RelayUrl) }),
    ).toBe('relay');
    expect(check({ kind: 'nobody-auth', account, relay, text: auth() })).toBe('author');
    expect(check({ kind: 'account-auth', account, relay, text: auth(once) })).toBe('author');
    const asks: readonly (readonly [object, string])[] = [
      [{ kinds: [1059], '#p': [to], limit: 1 }, 'not asked for'],
      [{ kinds: [445], '#h': [account], limit: 1 }, 'names the account'],
      [{ kinds: [30_443], authors: [account], limit: 1 }, 'names the account'],
      [{ kinds: [1], authors: [to], limit: 1 }, 'not asked for'],
      [{ kinds: [445], '#h': ['my diary'], limit: 1 }, 'condition value'],
      [{ kinds: [445], '#h': [], limit: 1 }, 'conditions'],
      [{ kinds: [445], '#h': [group], search: ['x'], limit: 1 }, 'conditions'],
      [{ kinds: [445], limit: 1 }, 'conditions'],
      [{ kinds: [445], '#h': [group] }, 'limit'],
      [{ kinds: [445], '#h': [group], limit: 501 }, 'limit'],
      [{ kinds: [445], '#h': [group], limit: 1, since: -1 }, 'time'],
    ];
    for (const [filter, why] of asks)
      expect(check({ kind: 'nobody-request', account, text: request(filter) })).toBe(why);
    expect(
      check({ kind: 'account-request', account, text: request({ kinds: [1059], '#p': [to], limit: 1 }) }),
    ).toBe('not mine');
  });

  test('nothing stands between the lines', () => {
    for (const operation of good) {
      const { text } = operation;
      for (const other of [
        ` ${text}`,
        `${text} `,
        text.replace(',', ', '),
        text.replace('"kinds"', '"\\u006binds"'),
        text.replace(/\]$/, ',"more"]'),
        text.replace('"content":"', '"content":"x","content":"'),
        text.replace('"sig"', '"more":1,"sig"'),
        text.replace(/[0-9a-f](?=","pubkey)/, 'x'),
      ])
        if (other !== text) expect(check({ ...operation, text: other })).not.toBe('pass');
    }
    expect(check({ kind: 'close', text: `["CLOSE","${'0'.repeat(200_000)}"]` })).toBe('too large');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.jsonValue()).map((one) => JSON.stringify(one)),
        ),
        (text) => {
          for (const operation of good) expect(check({ ...operation, text })).not.toBe('pass');
        },
      ),
    );
  });

  test('real ciphertext is not taken for text', () => {
    for (let at = 0; at < 200; at += 1) expect(holdsText(randomBytes(20_000))).toBe(false);
    const key = secretKeyFrom(randomBytes(32)) ?? secret;
    for (const length of [1, 100, 2_000, 30_000]) {
      const event = sealGroupEvent(randomBytes(32), group, Buffer.alloc(length + 64), now);
      expect(check({ kind: 'group-message', account, group, text: eventText(event) })).toBe('pass');
      const sealed = giftWrap(key, to, { ...welcome, content: 'x'.repeat(length) }, now);
      expect(check({ kind: 'gift-wrap', account, to, text: eventText(sealed) })).toBe('pass');
    }
  });
});
