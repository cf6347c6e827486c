import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountId } from '../ids.ts';
import { PlainsealError } from '../errors.ts';
import { checkOf, hostSchemas, windowSchemas } from './schema.ts';
import { readVisitor, visitorName } from './visitor.ts';

describe('the name of a visitor', () => {
  it('comes back as it was', () => {
    for (const visitor of [{ kind: 'page' }, { kind: 'lane', account: 'a1' as AccountId }] as const)
      expect(readVisitor(visitorName(visitor))).toEqual(visitor);
  });

  it('is nobody for anything else', () => {
    for (const name of [
      '',
      'page',
      '{}',
      '{"kind":"shell"}',
      '{"kind":"lane"}',
      '{"kind":"page","more":1}',
      '[]',
    ])
      expect(readVisitor(name)).toBeNull();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (name) => {
        const visitor = readVisitor(name);
        if (visitor) expect(readVisitor(visitorName(visitor))).toEqual(visitor);
      }),
    );
  });
});

describe('what shells are asked', () => {
  const host = checkOf(hostSchemas);
  const page = checkOf(windowSchemas);

  it('passes when it has the agreed shape', () => {
    expect(host('lane.start', { account: 'a', network: 'dummy' })).toEqual({
      account: 'a',
      network: 'dummy',
    });
    expect(page('link.open', { url: 'https://example.org' })).toEqual({ url: 'https://example.org' });
  });

  it.each([
    [host, 'lane.start', { account: 'a', network: 'telex' }],
    [host, 'lane.start', { account: 'a\u0000', network: 'dummy' }],
    [host, 'confirm', { kind: 'delete-everything', facts: {} }],
    [host, 'confirm', { kind: 'mark-checked', facts: { name: 7 } }],
    [host, 'key.unwrap', { wrapped: 'text' }],
    [host, 'key.unwrap', { wrapped: new Uint8Array(17 * 1024) }],
    [host, 'link.open', { url: 'https://example.org' }],
    [host, 'toString', {}],
    [page, 'key.unwrap', { wrapped: new Uint8Array() }],
    [page, 'title.set', { unread: -1 }],
    [page, 'title.set', { unread: 1.5 }],
    [page, 'title.set', { unread: 1, more: true }],
    [page, '__proto__', {}],
  ])('is refused otherwise (%#: %s)', (check, name, args) => {
    expect(() => check(name, args)).toThrow(PlainsealError);
  });

  it('is refused for any argument of no shape, with one kind of error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(hostSchemas)), fc.anything(), (name, args) => {
        try {
          host(name, args);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'bad-request' });
        }
      }),
    );
  });
});
