import { fork, type ChildProcess } from 'node:child_process';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
} from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { freshSecretKey } from '../../networks/nostr/keys.ts';
import { readAnonymousEvent, signEvent } from '../../networks/nostr/event.ts';
import { openDatabase } from '../../storage/database.ts';

/*
 * What stands beside nostr-send: the same processes and threads, the same ways between them, one flush and the same cryptography, and
 * nothing else. Each of three transactions writes one row into a database of one table; nothing is checked, read, judged or shown.
 */

const SELF = fileURLToPath(import.meta.url);
const GROUP = 'ab'.repeat(32);
/** Bytes of what is to be said, and of a commit of the lane, as they go to core. */
const INTENT_BYTES = 240;
const COMMIT_BYTES = 3_700;
const DISCARDED = 20;
const SPACE_MS = 130;

const seed = createHash('sha256').update('floor').digest();
const signKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
});
const verifyKey = createPublicKey(signKey);
const nonce = Buffer.alloc(12, 7);

function seal(cipher: 'aes-128-gcm' | 'chacha20-poly1305', bytes: Uint8Array): Buffer {
  const key = seed.subarray(0, cipher === 'aes-128-gcm' ? 16 : 32);
  const sealing = createCipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: 16 });
  return Buffer.concat([sealing.update(bytes), sealing.final(), sealing.getAuthTag()]);
}
function open(cipher: 'aes-128-gcm' | 'chacha20-poly1305', bytes: Uint8Array): Buffer {
  const key = seed.subarray(0, cipher === 'aes-128-gcm' ? 16 : 32);
  const opening = createDecipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: 16 });
  opening.setAuthTag(bytes.subarray(bytes.length - 16));
  return Buffer.concat([opening.update(bytes.subarray(0, bytes.length - 16)), opening.final()]);
}

/** As an MLS message in a group event is made and opened: a signature inside, three seals, an event signed by a key of its own. */
function sealed(text: string) {
  const said = Buffer.from(text.padEnd(250));
  const inner = seal('aes-128-gcm', Buffer.concat([sign(null, said, signKey), said]));
  seal('aes-128-gcm', Buffer.alloc(12));
  const content = seal('chacha20-poly1305', inner).toString('base64');
  return signEvent(
    { created_at: Math.floor(Date.now() / 1000), kind: 445, tags: [['h', GROUP]], content },
    freshSecretKey(),
  );
}
function opened(value: unknown): boolean {
  const event = readAnonymousEvent(value);
  if (event === null) return false;
  const inner = open('aes-128-gcm', open('chacha20-poly1305', Buffer.from(event.content, 'base64')));
  open('aes-128-gcm', seal('aes-128-gcm', Buffer.alloc(12)));
  return verify(null, inner.subarray(64), verifyKey, inner.subarray(0, 64));
}

/** Core: a database, and a lane in a thread. */
function runCore(folder: string, url: string): void {
  const home = join(folder, `floor-${process.pid}`);
  mkdirSync(home);
  const db = openDatabase({ folder: home, key: seed, steps: [] });
  db.run('CREATE TABLE row (id INTEGER PRIMARY KEY, bytes BLOB) STRICT');
  // Where a flush leaves its mark.
  db.run('CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID');
  const insert = (bytes: Uint8Array): unknown => db.run('INSERT INTO row (bytes) VALUES (?)', bytes);
  const lane = new Worker(SELF, { workerData: { url } });
  lane.on('message', (bytes: Uint8Array | string) => {
    if (typeof bytes === 'string') return void process.send?.(bytes);
    if (bytes[0] === 1) {
      db.transaction(() => insert(bytes));
      lane.postMessage('durable');
      return;
    }
    // Told before it is flushed, as core does.
    db.unflushedTransaction(() => insert(bytes));
    process.send?.(Buffer.from('shown'));
  });
  process.on('message', (text: Uint8Array) => {
    // Before it is written, and flushed with what is sealed, as core does.
    lane.postMessage(Buffer.from(text));
    db.unflushedTransaction(() => insert(text));
  });
  process.on('disconnect', () => process.exit(0));
}

function runLane(url: string): void {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('open', () => {
    socket.send(JSON.stringify(['REQ', 'floor', { kinds: [445], '#h': [GROUP], limit: 1 }]));
  });
  let mine = '';
  socket.on('message', (data) => {
    const [verb, , event] = JSON.parse(Buffer.from(data as Buffer).toString('utf8')) as [
      string,
      string,
      { id: string } | undefined,
    ];
    if (verb === 'EOSE') parentPort?.postMessage('ready');
    if (verb !== 'EVENT' || event === undefined || event.id === mine) return;
    if (opened(event)) parentPort?.postMessage(Buffer.alloc(COMMIT_BYTES, 2));
  });
  let frame = '';
  parentPort?.on('message', (told: Uint8Array | 'durable') => {
    if (told === 'durable') return socket.send(frame);
    const event = sealed(Buffer.from(told).toString());
    mine = event.id;
    frame = JSON.stringify(['EVENT', event]);
    parentPort?.postMessage(Buffer.alloc(COMMIT_BYTES, 1));
  });
}

/** Times from the message to the first process until the second one has it durably, in ms. */
export async function measureFloor(
  relay: string,
  folder: string,
  messages: number,
): Promise<readonly number[]> {
  const cores: ChildProcess[] = [];
  const start = async (): Promise<ChildProcess> => {
    const core = fork(SELF, ['core', folder, relay], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    cores.push(core);
    await once(core, 'message');
    return core;
  };
  const took: number[] = [];
  try {
    const [from, to] = [await start(), await start()];
    for (let n = 0; n < messages + DISCARDED; n += 1) {
      await pause(SPACE_MS);
      const shown = once(to, 'message');
      const startedAt = performance.now();
      from.send(Buffer.from(`Message ${n}`.padEnd(INTENT_BYTES)));
      await shown;
      if (n >= DISCARDED) took.push(performance.now() - startedAt);
    }
  } finally {
    for (const core of cores) core.disconnect();
    await Promise.all(cores.map((core) => once(core, 'exit')));
  }
  return took;
}

// This file is the program of the two processes and their threads, too.
const [, script, role, folder, url] = process.argv;
if (parentPort !== null) runLane((workerData as { readonly url: string }).url);
else if (script === SELF && role === 'core' && folder !== undefined && url !== undefined)
  runCore(folder, url);
