import { expect, test } from 'vitest';
import { PlainsealError } from '../../shared/errors.ts';
import { createTaker, type Taker } from './test/taker.ts';
import { createWriter, letterOf, sealedMail } from './test/writer.ts';

// What core refuses must stop nothing: the mail is set aside, and what is behind it is taken.

const alice = await createWriter('alice@example.org', 'Alice');
const hello = async (me: Taker): Promise<Uint8Array> =>
  sealedMail(alice, letterOf(alice, me.address, 'hello'), [me.certificate]);
const texts = ({ changes }: Awaited<ReturnType<Taker['take']>>): readonly string[] =>
  changes.flatMap((change) => (change.kind === 'message' ? [change.content.text] : []));

test("a control character in a Message-ID, under a friend's name or from a stranger, stops nothing", async () => {
  const me = await createTaker();
  await me.take(await hello(me));
  const forged =
    'From: <alice@example.org>\r\nMessage-ID: <a\u0001b@x>\r\nContent-Type: text/plain\r\n\r\nhi\r\n';
  expect(texts(await me.take(forged, await hello(me)))).toContain('hello');
  const eve = await createWriter('eve@evil.example', 'Eve');
  const sealed = await sealedMail(eve, letterOf(eve, me.address, 'hi'), [me.certificate], {
    inner: (text) => text.replace(/^Message-ID: .*$/m, 'Message-ID: <a\u007fb@x>\r'),
  });
  expect(texts(await me.take(sealed, await hello(me)))).toContain('hello');
});

test('more files than core takes are set aside by themselves', async () => {
  const me = await createTaker();
  const files = Array.from({ length: 32 }, (_, at) => ({
    name: `${at}.bin`,
    type: 'application/octet-stream',
    bytes: new Uint8Array(1),
  }));
  // A text too long for a row goes along as one file more.
  const large = await sealedMail(
    alice,
    letterOf(alice, me.address, { kind: 'files', text: 'x'.repeat(64_001), files }),
    [me.certificate],
  );
  await me.take(await hello(me));
  const taken = await me.take(await hello(me), large, await hello(me));
  expect(texts(taken)).toEqual(['hello', 'hello']);
  expect(taken.settled).toContainEqual(
    expect.objectContaining({ kind: 'quarantined', why: 'refused-by-core' }),
  );
  expect(taken.changes).toContainEqual(expect.objectContaining({ kind: 'note', code: 'not-opened' }));
  expect(taken.logged.map(({ event }) => event)).toContain('commit-refused');
});

test('what ended two runs is named by its Message-ID, unless core refuses that as well', async () => {
  const me = await createTaker('me@example.org', {
    careful: true,
    mark: (envelope) => (['7:2', '7:3'].includes(envelope) ? 'quarantine' : 'open'),
  });
  await me.take(await hello(me));
  const deadly = (id: string): string => `From: <alice@example.org>\r\nMessage-ID: <${id}>\r\n\r\nhi\r\n`;
  const named = await me.take(deadly('a@x'));
  expect(named.settled).toMatchObject([{ kind: 'quarantined', why: 'ended-the-program' }]);
  expect(named.changes).toMatchObject([{ kind: 'note', key: 'not-opened:a@x' }]);
  me.core.intercept(({ changes }) => {
    if (changes.some((one) => 'key' in one && one.key === 'not-opened:b@x'))
      throw new PlainsealError('refused', 'a key core does not take');
    return null;
  });
  const refused = await me.take(deadly('b@x'), await hello(me));
  expect(refused.settled[0]).toMatchObject({ kind: 'quarantined', why: 'refused-by-core' });
  expect(refused.changes[0]).toMatchObject({ kind: 'note', key: 'not-opened:7:3' });
  expect(texts(refused)).toEqual(['hello']);
});
