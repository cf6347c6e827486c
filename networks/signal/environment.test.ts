import { createHash, X509Certificate } from 'node:crypto';
import { PublicKey } from '@signalapp/libsignal-client';
import { GenericServerPublicParams, ServerPublicParams } from '@signalapp/libsignal-client/zkgroup.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownIdentities, type Self } from './account-record.ts';
import { endpointsOf, fitsProfile, readLocalEnvironment } from './environment.ts';
import data from './environments.json' with { type: 'json' };
import { guard } from './guard.ts';
import { fileUrl } from './service/cdn.ts';

const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'));
const published = [
  ['live', data.production],
  ['staging', data.staging],
] as const;

describe('the published constants', () => {
  test.each(published)('of %s are what libsignal takes', (_, constants) => {
    for (const root of constants.serverTrustRoots)
      expect(PublicKey.deserialize(bytes(root)).serialize()).toEqual(bytes(root));
    // Each is a list of points of a curve: a slip in one would not be.
    const server = new ServerPublicParams(bytes(constants.serverPublicParams));
    expect(server.getEndorsementPublicKey().length).toBeGreaterThan(0);
    for (const params of [constants.genericServerPublicParams, constants.backupServerPublicParams])
      expect(() => new GenericServerPublicParams(bytes(params))).not.toThrow();
    const slipped = bytes(constants.serverPublicParams);
    slipped[40] = (slipped[40] ?? 0) ^ 1;
    expect(() => new ServerPublicParams(slipped)).toThrow();
  });

  test.each(published)('of %s are handed on unchanged', (kind, constants) => {
    const endpoints = endpointsOf({ kind });
    expect(endpoints.trustRoots.map((root) => Buffer.from(root).toString('base64'))).toEqual(
      constants.serverTrustRoots,
    );
    expect(Buffer.from(endpoints.serverPublicParams).toString('base64')).toBe(constants.serverPublicParams);
    expect(endpoints.authority).toBe(data.rootCertificatePem);
  });

  test('hold two trust roots, and the engine of a live account is given both', () => {
    expect(new Set(data.production.serverTrustRoots).size).toBe(2);
    const self = { identities: {}, environment: { kind: 'live' } } as Self;
    const roots = ownIdentities(self).trustRoots.map((root) => Buffer.from(root).toString('base64'));
    expect(roots).toEqual(data.production.serverTrustRoots);
    for (const root of data.staging.serverTrustRoots) expect(roots).not.toContain(root);
  });

  test('hold an authority that signed itself and is of Signal', () => {
    const certificate = new X509Certificate(data.rootCertificatePem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toContain('O=Signal Messenger');
    expect(certificate.fingerprint256).toBe(data.rootCertificateSha256);
    expect(createHash('sha256').update(certificate.raw).digest('hex').toUpperCase()).toBe(
      data.rootCertificateSha256.replaceAll(':', ''),
    );
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.UTC(2032, 0, 1));
  });

  test('say where they are from, and that they are untried', () => {
    expect(data.comment).toMatch(/\d{4}-\d{2}-\d{2}/);
    expect(data.comment).toContain('Nothing here was tried against the live service');
  });

  test.each(published)('of %s name content networks that the guard lets files come from', (kind) => {
    for (const cdn of [0, 2, 3])
      expect(
        guard({ kind: 'download', url: fileUrl(endpointsOf({ kind }), { cdn, id: 'a-b_c' }) ?? '' }),
      ).toBe('pass');
    expect(fileUrl(endpointsOf({ kind }), { cdn: 1, id: 'abc' })).toBeNull();
    for (const id of ['', '..', 'a/b', 'a?b', '%2e%2e', 'a'.repeat(201)])
      expect(fileUrl(endpointsOf({ kind }), { cdn: 2, id })).toBeNull();
  });
});

describe('a local environment', () => {
  const local = {
    kind: 'local',
    port: 4_430,
    rootCertificate: Buffer.alloc(600, 1).toString('base64'),
    trustRoots: [Buffer.alloc(33, 5).toString('base64')],
    serverPublicParams: Buffer.alloc(600, 2).toString('base64'),
  };

  test('is read from what the harness hands over', () => {
    const read = readLocalEnvironment(JSON.stringify(local));
    expect(read).toMatchObject({ kind: 'local', port: 4_430 });
    expect(read && endpointsOf(read)).toMatchObject({
      cdn: { 3: 'https://localhost:4430/cdn3' },
      authority: expect.stringContaining('-----BEGIN CERTIFICATE-----'),
    });
  });

  test('is null for everything else', () => {
    for (const slip of [
      { ...local, kind: 'live' },
      { ...local, port: 0 },
      { ...local, port: '4430' },
      { ...local, trustRoots: [] },
      { ...local, trustRoots: [Buffer.alloc(32).toString('base64')] },
      { ...local, rootCertificate: '' },
      { ...local, serverPublicParams: undefined },
    ])
      expect(readLocalEnvironment(JSON.stringify(slip))).toBeNull();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readLocalEnvironment(text)).toBeNull();
      }),
    );
  });

  test('is for test profiles, and live ones know none of it', () => {
    const mock = readLocalEnvironment(JSON.stringify(local));
    if (mock === null) throw new Error('not read');
    expect(fitsProfile(mock, 'test')).toBe(true);
    expect(fitsProfile(mock, 'live')).toBe(false);
    expect(fitsProfile({ kind: 'live' }, 'live')).toBe(true);
    expect(fitsProfile({ kind: 'live' }, 'test')).toBe(false);
    for (const profile of ['live', 'test'] as const)
      expect(fitsProfile({ kind: 'staging' }, profile)).toBe(false);
  });
});
