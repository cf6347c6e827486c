import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { userAgent, VERSION } from './user-agent.ts';

test('says honestly who we are, in the version that we are', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  expect(VERSION).toBe(version);
  expect(userAgent).toMatch(/^Plainseal\/\d+\.\d+\.\d+ \([a-z_]+\)$/);
});
