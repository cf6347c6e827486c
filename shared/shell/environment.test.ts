import { expect, test } from 'vitest';
import { childEnvironment } from './environment.ts';

test('a child inherits what the system needs and nothing else', () => {
  expect(
    childEnvironment({
      PATH: '/bin',
      HOME: '/home/me',
      LANG: undefined,
      NODE_OPTIONS: '--inspect',
      PASSWORD: 'secret',
    }),
  ).toEqual({ PATH: '/bin', HOME: '/home/me' });
});
