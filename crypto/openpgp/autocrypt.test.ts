import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAutocrypt, gossipHeaders, parseAutocrypt, senderAutocrypt } from './autocrypt.ts';
import { readCertificate } from './certificate.ts';
import { NOW, person } from './test-people.ts';

const keydata = 'AAECAwQF';
const octets = Uint8Array.of(0, 1, 2, 3, 4, 5);

describe('parseAutocrypt', () => {
  test('reads what it wrote, folded', async () => {
    const alice = await person('alice');
    const value = formatAutocrypt({
      address: 'alice@example.org',
      keydata: alice.certificate.bytes,
      preferEncrypt: 'mutual',
    });
    expect(Math.max(...value.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(77);
    expect(
      value
        .split('\r\n')
        .slice(1)
        .every((line) => line.startsWith(' ')),
    ).toBe(true);
    const header = parseAutocrypt(value);
    expect(header).toMatchObject({ address: 'alice@example.org', preferEncrypt: 'mutual' });
    const read = await readCertificate(header?.keydata ?? octets, NOW);
    expect(read).toMatchObject({ certificate: { fingerprint: alice.certificate.fingerprint } });
  });

  test('leaves the preference out of gossip', () => {
    expect(formatAutocrypt({ address: 'a@b.c', keydata: octets })).toBe(
      `addr=a@b.c; keydata=\r\n ${keydata}`,
    );
  });

  test.each([
    ['blanks and line ends', ` addr = A@B.c ;\r\n keydata = AAEC\r\n AwQF ;`],
    ['attributes that may be ignored', `addr=a@b.c; _monkey=1; _kitten=x=y; keydata=${keydata}`],
    ['another order', `keydata=${keydata}; addr=a@b.c`],
  ])('accepts %s', (_, value) => {
    expect(parseAutocrypt(value)).toEqual({
      address: 'a@b.c',
      preferEncrypt: 'nopreference',
      keydata: octets,
    });
  });

  test('takes any preference but mutual for none', () => {
    expect(parseAutocrypt(`addr=a@b.c; prefer-encrypt=mutual; keydata=${keydata}`)?.preferEncrypt).toBe(
      'mutual',
    );
    expect(parseAutocrypt(`addr=a@b.c; prefer-encrypt=nonsense; keydata=${keydata}`)?.preferEncrypt).toBe(
      'nopreference',
    );
  });

  test.each([
    ['nothing', ''],
    ['no address', `keydata=${keydata}`],
    ['no key', 'addr=a@b.c'],
    ['an unknown attribute', `addr=a@b.c; danger=1; keydata=${keydata}`],
    ['an attribute without a value', `addr=a@b.c; danger; keydata=${keydata}`],
    ['an address twice', `addr=a@b.c; addr=x@b.c; keydata=${keydata}`],
    ['a key twice', `addr=a@b.c; keydata=${keydata}; keydata=${keydata}`],
    ['what is no address', `addr=nobody; keydata=${keydata}`],
    ['two addresses in one', `addr=a@b.c,d@e.f; keydata=${keydata}`],
    ['what is no base64', 'addr=a@b.c; keydata=AA*A'],
    ['cut base64', 'addr=a@b.c; keydata=AAECA'],
    ['too much', `addr=a@b.c; keydata=${'A'.repeat(70_000)}`],
  ])('refuses %s', (_, value) => {
    expect(parseAutocrypt(value)).toBeNull();
  });

  test('never throws', () => {
    const part = fc.oneof(
      fc.constantFrom('addr', '=', ';', 'keydata', 'prefer-encrypt', '_x', 'a@b.c', keydata, ' ', '\r\n '),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const header = parseAutocrypt(parts.join(''));
        expect(header === null || header.address.includes('@')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test('a header speaks for the sender only alone and with the same address', () => {
  const mine = `addr=a@b.c; keydata=${keydata}`;
  const other = `addr=x@b.c; keydata=${keydata}`;
  const broken = `addr=a@b.c; danger=1; keydata=${keydata}`;
  expect(senderAutocrypt([other, broken, mine], 'A@b.c')).toMatchObject({ address: 'a@b.c' });
  expect(senderAutocrypt([other], 'a@b.c')).toBeNull();
  expect(senderAutocrypt([mine, mine], 'a@b.c')).toBeNull();
  expect(senderAutocrypt([], 'a@b.c')).toBeNull();
});

test('gossip for one address twice counts for neither', () => {
  const a = `addr=a@b.c; keydata=${keydata}`;
  const b = `addr=b@b.c; keydata=${keydata}`;
  expect(gossipHeaders([a, b, a, 'x']).map(({ address }) => address)).toEqual(['b@b.c']);
  expect(gossipHeaders([])).toEqual([]);
});

test('refuses to write an address that would break the header', () => {
  for (const address of ['', 'x', 'a@b.c; keydata=AAAA', 'a@b.c\r\nBcc: x@y.z']) {
    expect(() => formatAutocrypt({ address, keydata: octets })).toThrow(RangeError);
  }
});
