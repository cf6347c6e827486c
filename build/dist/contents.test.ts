import { describe, expect, it } from 'vitest';
import { missingFiles, strayFiles } from './contents.ts';
import type { Package } from './lockfile.ts';

const ws: Package = { path: 'node_modules/ws', name: 'ws', version: '8', licence: 'MIT', integrity: '' };
const nested: Package = { ...ws, path: 'node_modules/ws/node_modules/@a/b' };
const stray = (file: string): readonly string[] => strayFiles([file], [ws, nested], 'linux-x64');

describe('the packed application', () => {
  it.each([
    'package.json',
    'out/main/core.js',
    'out/page/assets/font.woff2',
    'node_modules/ws/lib/websocket.js',
    'node_modules/ws/node_modules/@a/b/index.js',
    'node_modules/ws/prebuilds/linux-x64.node',
  ])('may hold %s', (file) => {
    expect(stray(file)).toEqual([]);
  });
  it.each([
    ['electron/main.ts', 'a source'],
    ['out/main/core.js.map', 'a source'],
    ['node_modules/ws/src/a.cpp', 'a source'],
    ['node_modules/ws/test/a.js', 'a test'],
    ['out/main/core.test.js', 'a test'],
    ['node_modules/ws/prebuilds/win32-x64.node', 'for another system'],
    ['node_modules/ws/prebuilds/linux-arm64/a.node', 'for another system'],
    ['node_modules/ws/prebuilds/linuxmusl-x64.node', 'for another system'],
    ['node_modules/electron/index.js', 'of a package that no program imports'],
    ['node_modules/@a/b/index.js', 'of a package that no program imports'],
    ['.npmrc', 'not of the application'],
    ['out/gallery/index.html', 'not of the application'],
  ])('may not hold %s: %s', (file, complaint) => {
    expect(stray(file)).toEqual([`${file}: ${complaint}`]);
  });
  it('needs a native file of each kind for each processor', () => {
    const missing = missingFiles(['package.json'], 'darwin-universal');
    expect(missing).toContain('out/main/main.js');
    expect(missing.filter((file) => file.endsWith('.node'))).toHaveLength(4);
    expect(missingFiles(missing.concat('package.json'), 'darwin-universal')).toEqual([]);
  });
});
