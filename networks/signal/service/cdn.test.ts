import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAttachment, sealAttachment } from '../../../crypto/signal/attachment.ts';
import { startSignalServer, type SignalServer } from '../../../e2e/peers/signal/child.ts';
import { endpointsOf, readLocalEnvironment, type Endpoints } from '../environment.ts';
import { download, fileUrl, upload } from './cdn.ts';

/* The mock's content network: TLS under its own authority, TUS uploads. */

let server: SignalServer;
let endpoints: Endpoints;
beforeAll(async () => {
  server = await startSignalServer();
  const environment = readLocalEnvironment(JSON.stringify(server.environment));
  if (environment === null) throw new Error('no environment');
  endpoints = endpointsOf(environment);
});
afterAll(() => server.stop());

const text = Buffer.from('a long text '.repeat(400));
const form = (key: string, path = `/cdn3/attachments/${key}`, origin = endpoints.cdn[0] ?? '') => ({
  cdn: 3,
  key,
  headers: new Map<string, string>(),
  signedUploadUrl: new URL(path, origin),
});
const urlOf = (id: string): string => fileUrl(endpoints, { cdn: 3, id }) ?? '';

describe('a sealed file', () => {
  test('goes up, and comes down as it went', async () => {
    const { sealed, key, digest } = sealAttachment(text);
    expect(await upload(endpoints, form('file-1'), sealed)).toBe(true);
    const fetched = await download(endpoints, urlOf('file-1'), sealed.length);
    if (fetched.kind !== 'bytes') throw new Error(fetched.kind);
    const pointer = { cdn: 3, id: 'file-1', key, digest, size: text.length, type: '', name: null, flags: 0 };
    expect(openAttachment(fetched.bytes, pointer)).toEqual(Uint8Array.from(text));
  });

  test('goes to the content network whatever address the server gives', async () => {
    const { sealed } = sealAttachment(text);
    const elsewhere = form('file-2', '/cdn3/attachments/file-2', 'https://elsewhere.example');
    expect(await upload(endpoints, elsewhere, sealed)).toBe(true);
    expect((await download(endpoints, urlOf('file-2'), sealed.length)).kind).toBe('bytes');
    expect(await upload(endpoints, { ...form('file-3'), cdn: 2 }, sealed)).toBe(false);
    await expect(upload(endpoints, form('x', '/cdn3/../a b?<x>'), text)).rejects.toThrow('guard');
  });

  test('is the only thing that goes up', async () => {
    await expect(upload(endpoints, form('clear'), text)).rejects.toThrow('guard');
    expect((await download(endpoints, urlOf('clear'), 1_000)).kind).toBe('gone');
  });
});

describe('a download', () => {
  test('stops at its bound', async () => {
    const { sealed } = sealAttachment(text);
    await upload(endpoints, form('file-4'), sealed);
    expect((await download(endpoints, urlOf('file-4'), sealed.length - 1)).kind).toBe('gone');
  });

  test('is gone when nobody has it', async () => {
    expect((await download(endpoints, urlOf('nobody'), 1_000)).kind).toBe('gone');
  });

  test('trusts the one authority and no other', async () => {
    const { authority } = endpointsOf({ kind: 'live' });
    expect((await download({ authority }, urlOf('file-1'), 10_000)).kind).toBe('offline');
    expect(await upload({ ...endpoints, authority }, form('x'), sealAttachment(text).sealed)).toBe(false);
  });

  test('asks nobody else', async () => {
    for (const url of ['https://example.org/attachments/a', 'http://localhost:1/attachments/a'])
      await expect(download(endpoints, url, 1_000)).rejects.toThrow('guard');
  });

  test('is offline when nobody listens', async () => {
    expect((await download(endpoints, 'https://localhost:1/attachments/a', 1_000)).kind).toBe('offline');
  });
});
