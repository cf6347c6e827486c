import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, type CertificateAuthority } from '../../e2e/peers/certificate.ts';
import { lookForUpdate, takeUpdate, type LookOrder } from './look.ts';
import { encodeManifest, joinManifest, signedBytes, type UpdateManifest } from './manifest.ts';

const NOW = 1_790_000_000_000;
const own = generateKeyPairSync('ed25519');
const program = Buffer.from('a newer program');
const file = {
  name: 'plainseal.AppImage',
  size: program.length,
  sha256: createHash('sha256').update(program).digest('hex'),
};
const manifest: UpdateManifest = {
  channel: 'stable',
  version: '1.3.0',
  issuedAt: NOW - 1_000,
  expiresAt: NOW + 86_400_000,
  share: 100,
  files: { 'appimage-x64': file },
};
const signed = (of: Partial<UpdateManifest> = {}, key: KeyObject = own.privateKey): Buffer => {
  const body = encodeManifest({ ...manifest, ...of });
  return joinManifest(sign(null, signedBytes(body), key), body);
};

let authority: CertificateAuthority;
let server: Server;
let folder: string;
let served: Map<string, Buffer | string>;

/** A server over TLS with the certificate given. A text is an address to go on to. */
async function serve(flaw: 'none' | 'other-authority' | 'wrong-host' | 'expired'): Promise<LookOrder> {
  const { cert, key } = await authority.issue(flaw);
  server = createServer({ cert, key }, (request, response) => {
    const found = served.get(request.url ?? '');
    if (found === undefined) response.writeHead(404).end();
    else if (typeof found === 'string') response.writeHead(302, { location: found }).end();
    else response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    source: {
      channel: 'stable',
      manifest: `https://127.0.0.1:${port}/channel/update`,
      key: own.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    kind: 'appimage-x64',
    version: '1.2.0',
    folder,
    now: NOW,
    trust: { authority: authority.ca },
  };
}

beforeEach(async () => {
  authority = await createAuthority();
  folder = mkdtempSync(join(tmpdir(), 'plainseal-update-'));
  served = new Map<string, Buffer | string>([
    ['/channel/update', signed()],
    ['/channel/plainseal.AppImage', program],
  ]);
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('the update channel', () => {
  it('offers and brings what was signed, for this person only', async () => {
    const order = await serve('none');
    expect(await lookForUpdate(order)).toEqual({ kind: 'offer', version: '1.3.0', file });
    const path = await takeUpdate(order, file);
    expect(readFileSync(path)).toEqual(program);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('remembers the newest it saw: an older one, though signed, is refused from then on', async () => {
    const order = await serve('none');
    await lookForUpdate(order);
    served.set('/channel/update', signed({ version: '1.2.5' }));
    expect(await lookForUpdate(order)).toEqual({ kind: 'none', reason: 'rolled-back' });
    rmSync(join(folder, 'update.json'));
    expect(await lookForUpdate(order)).toMatchObject({ kind: 'offer', version: '1.2.5' });
  });

  it('learns nothing from another channel or another time', async () => {
    const order = await serve('none');
    for (const of of [
      { channel: 'beta', version: '9.0.0' } as const,
      { version: '9.0.0', issuedAt: 1, expiresAt: 2 },
    ]) {
      served.set('/channel/update', signed(of));
      expect((await lookForUpdate(order)).kind).toBe('none');
    }
    served.set('/channel/update', signed());
    expect((await lookForUpdate(order)).kind).toBe('offer');
  });

  it('refuses what is not signed, signed by another, or changed on the way', async () => {
    const order = await serve('none');
    const changed = Buffer.from(signed().toString('latin1').replace('1.3.0', '9.3.0'), 'latin1');
    for (const bytes of [
      encodeManifest(manifest),
      signed({}, generateKeyPairSync('ed25519').privateKey),
      changed,
    ]) {
      served.set('/channel/update', bytes);
      expect(await lookForUpdate(order)).toEqual({ kind: 'refused', reason: 'unsigned' });
    }
    expect(existsSync(join(folder, 'update.json'))).toBe(false);
  });

  it.each(['other-authority', 'wrong-host', 'expired'] as const)(
    'speaks with nobody in the middle: %s',
    async (flaw) => {
      const order = await serve(flaw);
      await expect(lookForUpdate(order)).rejects.toThrow(/certificate|altnames|self-signed/i);
      await expect(takeUpdate(order, file)).rejects.toThrow();
      expect(existsSync(join(folder, 'update'))).toBe(false);
    },
  );

  it.each([
    ['another byte', Buffer.from('a newer prograM'), 'not what was signed'],
    ['a byte less', program.subarray(1), 'not what was signed'],
    ['more', Buffer.alloc(5_000_000), 'larger'],
  ] as const)('leaves nothing of a file with %s', async (_, bytes, complaint) => {
    const order = await serve('none');
    served.set('/channel/plainseal.AppImage', bytes);
    await expect(takeUpdate(order, file)).rejects.toThrow(complaint);
    expect(existsSync(join(folder, 'update'))).toBe(false);
  });

  it('follows the server elsewhere, over TLS only, and not for ever', async () => {
    const order = await serve('none');
    served.set('/channel/update', '/new/update');
    served.set('/new/update', signed());
    expect((await lookForUpdate(order)).kind).toBe('offer');
    served.set('/channel/update', 'http://127.0.0.1/update');
    await expect(lookForUpdate(order)).rejects.toThrow('without TLS');
    served.set('/channel/update', '/channel/update');
    await expect(lookForUpdate(order)).rejects.toThrow('302');
    served.set('/channel/update', Buffer.alloc(70_000));
    await expect(lookForUpdate(order)).rejects.toThrow('too much');
    served.delete('/channel/update');
    await expect(lookForUpdate(order)).rejects.toThrow('404');
  });

  it('begins anew where its memory is damaged', async () => {
    const order = await serve('none');
    writeFileSync(join(folder, 'update.json'), '{"newestSeen":');
    expect((await lookForUpdate(order)).kind).toBe('offer');
    expect(JSON.parse(readFileSync(join(folder, 'update.json'), 'utf8'))).toMatchObject({
      channel: 'stable',
      newestSeen: '1.3.0',
    });
  });
});
