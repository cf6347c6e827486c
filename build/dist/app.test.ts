import { describe, expect, it } from 'vitest';
import { importedPackages, travels } from './app.ts';

describe('what the built programs import', () => {
  it('is read from their text', () => {
    const code = [
      'import { a } from "one";',
      "import two from '@scope/two/deep.js';",
      'import "three";',
      'export * from "four/x";',
      'const five = await import("five");',
      'const six = require("six");',
      'import { readFileSync } from "node:fs";',
      'import fs from "fs";',
      'import { app } from "electron";',
      'import { c } from "./chunk.js";',
      'const text = `take it from "nowhere"`;',
    ].join('\n');
    expect(importedPackages(code)).toEqual(['@scope/two', 'five', 'four', 'one', 'six', 'three']);
  });
});

describe('a file of a package', () => {
  it.each([
    ['dist/index.js', true],
    ['package.json', true],
    ['dist/index.d.ts', false],
    ['dist/index.js.map', false],
    ['README.md', false],
    ['test/all.js', false],
    ['lib/testing.js', true],
    ['deps/sqlite3.c', false],
  ])('%s travels: %s', (file, does) => {
    expect(travels('some-package', file, 'linux-x64')).toBe(does);
  });

  it.each([
    ['linux-x64', ['prebuilds/linux-x64.node']],
    ['win32-arm64', ['prebuilds/win32-arm64.node']],
    ['darwin-universal', ['prebuilds/darwin-arm64.node', 'prebuilds/darwin-x64.node']],
  ] as const)('that is native travels to %s only', (target, expected) => {
    const all = [
      'darwin-arm64',
      'darwin-x64',
      'linux-arm64',
      'linux-x64',
      'linuxmusl-x64',
      'win32-arm64',
      'win32-x64',
    ];
    const files = all.map((name) => `prebuilds/${name}.node`);
    expect(files.filter((file) => travels('better-sqlite3-multiple-ciphers', file, target))).toEqual(
      expected,
    );
    const folders = all.map((name) => `prebuilds/${name}/signal.node`);
    expect(folders.filter((file) => travels('@signalapp/libsignal-client', file, target))).toHaveLength(
      expected.length,
    );
  });
});
