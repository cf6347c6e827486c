import { createDecipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Reads the pages of a SQLCipher 4 database without SQLite, so that a proof about what is on the disk does not lean on the
 * code it is about. Format: docs of SQLCipher, "Database and page format": pages of 4096 bytes, of which the last 80 hold
 * a 16-byte IV and an HMAC-SHA-512; AES-256-CBC; the first 16 bytes of page 1 are the salt. With a raw key the key is used as it is,
 * and the key of the HMAC is PBKDF2-HMAC-SHA-512 of it over the salt xor 0x3a, 2 rounds.
 */
const PAGE = 4096;
const RESERVED = 80;
const IV = 16;
const SALT = 16;
const MAC = 64;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

function macKey(key: Uint8Array, database: Buffer): Buffer {
  const salt = Buffer.from(database.subarray(0, SALT).map((byte) => byte ^ 0x3a));
  return pbkdf2Sync(key, salt, 2, 32, 'sha512');
}

function openPage(key: Uint8Array, mac: Uint8Array, page: Buffer, number: number): Buffer {
  const from = number === 1 ? SALT : 0;
  const iv = page.subarray(PAGE - RESERVED, PAGE - RESERVED + IV);
  const place = Buffer.alloc(4);
  place.writeUInt32LE(number);
  const wanted = createHmac('sha512', mac)
    .update(page.subarray(from, PAGE - MAC))
    .update(place)
    .digest();
  if (!wanted.equals(page.subarray(PAGE - MAC))) throw new Error(`page ${number} is not what was written`);
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(page.subarray(from, PAGE - RESERVED)), decipher.final()]);
}

/** Every page of the database file, free ones included, in the clear. Throws when one does not check. */
export function pagesOf(path: string, key: Uint8Array): Buffer[] {
  const file = readFileSync(path);
  if (file.length % PAGE !== 0) throw new Error('the database is not a whole number of pages');
  const mac = macKey(key, file);
  return Array.from({ length: file.length / PAGE }, (_, index) =>
    openPage(key, mac, file.subarray(index * PAGE, (index + 1) * PAGE), index + 1),
  );
}

/** Every frame of the write-ahead log in the clear; those left from an earlier round of the log too. */
export function framesOf(path: string, key: Uint8Array): Buffer[] {
  const mac = macKey(key, readFileSync(path));
  const log = readFileSync(`${path}-wal`);
  const frames: Buffer[] = [];
  for (let at = WAL_HEADER; at + FRAME_HEADER + PAGE <= log.length; at += FRAME_HEADER + PAGE)
    frames.push(
      openPage(key, mac, log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + PAGE), log.readUInt32BE(at)),
    );
  return frames;
}
