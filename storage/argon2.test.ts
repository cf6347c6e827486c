import { describe, expect, it } from 'vitest';
import { argon2Paths, deriveArgon2id, hideNativeArgon2 } from './argon2.ts';

const text = new TextEncoder();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Made with the reference implementation's command line (argon2 -id): RFC 9106's own vector needs a secret and data, which a passphrase has not. */
const vectors = [
  {
    password: 'password',
    salt: 'somesalt',
    cost: { memoryKib: 65_536, passes: 2, lanes: 1 },
    tag: '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  },
  {
    password: 'password',
    salt: 'somesalt',
    cost: { memoryKib: 256, passes: 2, lanes: 2 },
    tag: '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037',
  },
] as const;

describe('Argon2id', () => {
  it('goes on without the one of the runtime', async () => {
    expect(argon2Paths()).toContain('wasm');
    const input = {
      password: text.encode('a'),
      salt: text.encode('saltsalt'),
      cost: { memoryKib: 64, passes: 1, lanes: 1 },
      length: 32,
    };
    const usual = await deriveArgon2id(input);
    hideNativeArgon2(true);
    try {
      expect(argon2Paths()).toEqual(['wasm']);
      expect(await deriveArgon2id(input)).toEqual(usual);
    } finally {
      hideNativeArgon2(false);
    }
  });

  for (const path of argon2Paths()) {
    it.each(vectors)(`${path} gives the reference bytes for %o`, async ({ password, salt, cost, tag }) => {
      const input = { password: text.encode(password), salt: text.encode(salt), cost, length: 32 };
      expect(hex(await deriveArgon2id(input, path))).toBe(tag);
    });
  }

  it('gives the same on every path, for other lengths, lanes and bytes', async () => {
    for (const [lanes, passes, length] of [
      [1, 1, 16],
      [4, 3, 64],
      [3, 2, 33],
    ] as const) {
      const input = {
        password: text.encode('päss 🐚'),
        salt: Uint8Array.from({ length: 24 }, (_, index) => index * 7),
        cost: { memoryKib: 1_024, passes, lanes },
        length,
      };
      const tags = new Set<string>();
      for (const path of argon2Paths()) tags.add(hex(await deriveArgon2id(input, path)));
      expect(tags.size).toBe(1);
    }
  });
});
