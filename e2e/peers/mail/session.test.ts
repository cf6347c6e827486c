import { once } from 'node:events';
import tls from 'node:tls';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCertificate } from '../certificate.ts';
import { startMailServer } from './server.ts';
import type { MailServer } from './server.ts';

const BOB = 'bob@mail.test';
let server: MailServer;
const sockets: tls.TLSSocket[] = [];

beforeAll(async () => {
  server = await startMailServer({ certificate: await createCertificate() });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await server.stop();
});

interface Raw {
  readonly socket: tls.TLSSocket;
  send(text: string): void;
  /** All text up to and with the first line that fits; what came later stays for the next call. */
  until(line: RegExp): Promise<string>;
}

/** A bare IMAP connection, for what a well-behaved client never does. */
async function connect(): Promise<Raw> {
  const socket = tls.connect({ ...server.imap, ca: server.ca });
  sockets.push(socket);
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  let text = '';
  let look = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  socket.on('close', () => fail(new Error(`closed, having said: ${text}`)));
  socket.on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  await once(socket, 'secureConnect');
  return {
    socket,
    send: (line) => void socket.write(`${line}\r\n`, 'latin1'),
    until: (line) =>
      new Promise((resolve, reject) => {
        look = () => {
          const match = new RegExp(`^${line.source}.*\r\n`, 'm').exec(text);
          if (match === null) return;
          const end = match.index + match[0].length;
          const found = text.slice(0, end);
          text = text.slice(end);
          look = () => undefined;
          resolve(found);
        };
        fail = reject;
        look();
      }),
  };
}

async function loggedIn(): Promise<Raw> {
  const raw = await connect();
  raw.send(`l LOGIN ${BOB} pw`);
  await raw.until(/l OK/);
  return raw;
}

test('IDLE: the continuation line comes before anything untagged', async () => {
  const raw = await loggedIn();
  raw.send('a SELECT INBOX');
  await raw.until(/a OK/);
  server.deliver(BOB, 'Subject: waiting\r\n\r\n');
  raw.send('b IDLE');
  expect(await raw.until(/\* \d+ EXISTS/)).toMatch(/^\+ idling\r\n\* \d+ EXISTS\r\n$/);
  raw.send('DONE');
  expect(await raw.until(/b /)).toMatch(/^b OK/);
  raw.send('c IDLE');
  await raw.until(/\+ idling/);
  raw.send('NOOP');
  expect(await raw.until(/c /)).toMatch(/^c BAD/);
});

test('AUTHENTICATE in one line and in two', async () => {
  const token = Buffer.from(`\0${BOB}\0pw`).toString('base64');
  const one = await connect();
  one.send(`a AUTHENTICATE PLAIN ${token}`);
  expect(await one.until(/a /)).toMatch(/a OK/);
  const two = await connect();
  two.send('a AUTHENTICATE PLAIN');
  await two.until(/\+ /);
  two.send(token);
  expect(await two.until(/a /)).toMatch(/a OK/);
  const wrong = await connect();
  wrong.send('a AUTHENTICATE PLAIN');
  await wrong.until(/\+ /);
  wrong.send('not base64 at all');
  expect(await wrong.until(/a /)).toMatch(/a NO/);
});

test('nothing but login works before login, and nothing about mails before SELECT', async () => {
  const raw = await connect();
  for (const command of ['SELECT INBOX', 'LIST "" *', 'IDLE', 'FETCH 1 FLAGS', 'APPEND INBOX {1+}\r\nx']) {
    raw.send(`a ${command}`);
    expect(await raw.until(/a /)).toMatch(/a BAD/);
  }
  raw.send(`l LOGIN ${BOB} pw`);
  await raw.until(/l OK/);
  for (const command of ['FETCH 1 FLAGS', 'UID STORE 1 FLAGS ()', 'EXPUNGE', 'SEARCH ALL', 'NONSENSE']) {
    raw.send(`a ${command}`);
    expect(await raw.until(/a /)).toMatch(/a BAD/);
  }
});

test('a session keeps its numbering while another removes mails', async () => {
  const box = 'carol@mail.test';
  for (const text of ['one', 'two', 'three']) server.deliver(box, `Subject: ${text}\r\n\r\n`);
  const [first, second] = [await connect(), await connect()];
  for (const raw of [first, second]) {
    raw.send(`l LOGIN ${box} pw\r\na SELECT INBOX`);
    await raw.until(/a OK/);
  }
  first.send('b UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\nc EXPUNGE');
  expect(await first.until(/c OK/)).toMatch(/\* 1 EXPUNGE\r\n/);
  second.send('b FETCH 3 (UID)');
  expect(await second.until(/b OK/)).toBe('* 3 FETCH (UID 3)\r\nb OK completed\r\n');
  second.send('c NOOP');
  expect(await second.until(/c OK/)).toMatch(/^\* 1 EXPUNGE\r\n(?!\* 1 FETCH)/);
  second.send('d FETCH 2 (UID)');
  expect(await second.until(/d OK/)).toMatch(/\* 2 FETCH \(UID 3\)\r\n/);
});

test('CLOSE removes what was flagged, UIDNEXT goes on counting', async () => {
  const box = 'dora@mail.test';
  server.deliver(box, 'x');
  const raw = await connect();
  raw.send(
    `l LOGIN ${box} pw\r\na SELECT INBOX\r\nb STORE 1 +FLAGS (\\Deleted)\r\nc CLOSE\r\nd SELECT INBOX`,
  );
  expect(await raw.until(/d OK/)).toMatch(/\* 0 EXISTS\r\n[^]*\[UIDNEXT 2\]/);
  raw.send('e EXAMINE INBOX\r\nf STORE 1 FLAGS (\\Seen)');
  expect(await raw.until(/f /)).toMatch(/f NO \[READ-ONLY\]/);
});

test('GETMETADATA and GETQUOTAROOT as Delta Chat core asks them', async () => {
  const raw = await loggedIn();
  raw.send(
    'a GETMETADATA "" (/shared/comment /shared/admin /shared/vendor/deltachat/irohrelay)\r\nb GETQUOTAROOT "INBOX"',
  );
  expect(await raw.until(/b OK/)).toMatch(
    /^a OK[^]*\* QUOTAROOT "INBOX" "User quota"\r\n\* QUOTA "User quota" \(STORAGE \d+ 1048576\)/m,
  );
  raw.send('c SETMETADATA INBOX (/private/x "y z")\r\nd GETMETADATA (DEPTH 0) INBOX /private/x');
  expect(await raw.until(/d OK/)).toContain('* METADATA "INBOX" ("/private/x" "y z")\r\n');
});

test('whatever a client sends, the server answers the next command or says BYE', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    fc.constantFrom(
      'FETCH',
      'UID FETCH',
      '1:*',
      '(BODY[])',
      'STORE',
      '+FLAGS',
      '()',
      'SEARCH',
      'SELECT',
      'INBOX',
      '"',
      '{3+}\r\n',
      'APPEND',
      'IDLE',
      'DONE',
      '\r\n',
      'x',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 8 }), { maxLength: 6 }), async (lines) => {
      const raw = await loggedIn();
      raw.send('s SELECT INBOX');
      await raw.until(/s OK/);
      for (const [at, words] of lines.entries()) raw.send(`t${at} ${words.join(' ')}`);
      // Ends an IDLE and a literal that may be open, then asks for a sign of life.
      raw.send(`DONE\r\n${' '.repeat(40)}\r\nz1 NOOP\r\nz2 NOOP`);
      const last = await raw.until(/(?:z2 OK|\* BYE)/);
      raw.socket.destroy();
      expect(last.length).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
});
