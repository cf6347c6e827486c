import { expect, test } from 'vitest';
import { createOwnAccount } from '../test/own-account.ts';
import { createNet } from './net.ts';

test('libsignal takes each environment; nothing is connected by that', () => {
  for (const environment of [
    { kind: 'live' },
    { kind: 'staging' },
    createOwnAccount().self.environment,
  ] as const)
    expect(createNet(environment, null)).toBeDefined();
});

test('no proxy is taken: files would go past it', () => {
  for (const proxy of ['socks5://localhost:9050', 'nonsense', ''])
    expect(() => createNet({ kind: 'live' }, proxy)).toThrow('proxy');
});
