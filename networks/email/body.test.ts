import { beforeAll, expect, test } from 'vitest';
import { sealWithPassword } from '../../crypto/openpgp/password.ts';
import { createBody } from './body.ts';
import { wrapEncrypted } from './pgp-mime.ts';
import { createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';

let me: Writer;
let other: Writer;
let mail: Uint8Array;

beforeAll(async () => {
  [me, other] = await Promise.all([createWriter('me@example.org'), createWriter('other@example.org')]);
  mail = await sealedMail(other, letterOf(other, me.address, 'inside'), [me.key.certificate]);
});

// The text stands in base64.
const textOf = (opened: { readonly kind: string; readonly plaintext?: Uint8Array }): string =>
  Buffer.from(opened.plaintext ?? []).toString();

test('what was begun ahead is given at its turn, once', async () => {
  const body = createBody(mail);
  const keys = [me.key];
  body.ahead(keys);
  body.ahead(keys);
  const payload = body.payload();
  if (payload === null) throw new Error('no payload');
  const first = body.open(payload, keys);
  const second = body.open(payload, keys);
  expect(second).not.toBe(first);
  for (const opened of [await first, await second]) expect(textOf(opened)).toContain('aW5zaWRl');
});

test('keys that changed in between open it anew', async () => {
  const body = createBody(mail);
  const payload = body.payload();
  if (payload === null) throw new Error('no payload');
  body.ahead([other.key]);
  expect(textOf(await body.open(payload, [me.key]))).toContain('aW5zaWRl');
  body.ahead([me.key]);
  expect(await body.open(payload, [])).toEqual({ kind: 'refused', why: 'not-for-us' });
});

test('a damaged own key is told at its turn and not before', async () => {
  const body = createBody(mail);
  const payload = body.payload();
  if (payload === null) throw new Error('no payload');
  const damaged = [{ ...me.key, secret: Uint8Array.of(1, 2, 3) }];
  body.ahead(damaged);
  await new Promise((resolve) => setImmediate(resolve));
  await expect(body.open(payload, damaged)).rejects.toThrow();
});

test('a mail without a sealed message has no payload, and nothing is begun', () => {
  for (const bytes of [Buffer.from('Subject: x\r\n\r\ntext\r\n'), new Uint8Array(0)]) {
    const body = createBody(bytes);
    body.ahead([me.key]);
    expect(body.payload()).toBeNull();
    expect(body.bytes).toBe(bytes);
  }
});

test('what a password seals waits for its turn', async () => {
  const armored = await sealWithPassword({
    plaintext: Buffer.from('x'),
    password: 'p',
    from: null,
    now: Date.now(),
  });
  const body = createBody(wrapEncrypted([], armored ?? new Uint8Array(0)));
  // Keys that throw when they are looked at: nothing looks at them.
  body.ahead(new Proxy([], { get: () => expect.unreachable() }));
  expect(body.payload()?.byPassword).toBe(true);
});
