import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority, createCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';

/** Connects with full verification; gives the error code of the handshake, or 'connected'. */
async function handshake({ ca, cert, key }: Certificate, host = '127.0.0.1'): Promise<string> {
  const server = tls.createServer({ cert, key }, (socket) => socket.on('error', () => undefined).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await new Promise<string>((resolve) => {
      const client = tls.connect({ port, host, ca });
      client.on('secureConnect', () => resolve('connected'));
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      client.on('close', () => client.destroy());
    });
  } finally {
    server.close();
  }
}

test('a client that trusts the authority accepts the certificate by address and by name', async () => {
  const certificate = await createCertificate();
  expect(await handshake(certificate)).toBe('connected');
  expect(await handshake(certificate, 'localhost')).toBe('connected');
});

test.each([
  [
    'other-authority',
    /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/,
  ],
  ['wrong-host', /^ERR_TLS_CERT_ALTNAME_INVALID$/],
  ['expired', /^CERT_HAS_EXPIRED$/],
  ['not-yet-valid', /^CERT_NOT_YET_VALID$/],
] as const)('a client refuses a certificate whose flaw is %s', async (flaw, code) => {
  expect(await handshake(await createCertificate(flaw))).toMatch(code);
});

test('one authority issues several certificates, and another authority is not it', async () => {
  const authority = await createAuthority();
  expect(await handshake(await authority.issue())).toBe('connected');
  const stranger = await createCertificate();
  expect(await handshake({ ...stranger, ca: authority.ca })).not.toBe('connected');
});
