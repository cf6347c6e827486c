import fc from 'fast-check';
import { resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openableLink, pageFile, pagePolicy } from './policy.ts';

describe('files of the page', () => {
  it('knows what a build puts there', () => {
    expect(pageFile('/')).toEqual({ path: 'index.html', type: 'text/html; charset=utf-8' });
    expect(pageFile('/assets/index-B2x_9.js')?.path).toBe('assets/index-B2x_9.js');
    expect(pageFile('/assets/inter-latin-wght-normal-Dx4kXJAl.woff2')?.type).toBe('font/woff2');
  });

  it.each([
    '',
    'index.html',
    '//index.html',
    '/../index.html',
    '/assets/../../key.json',
    '/..%2fkey.json',
    '/%2e%2e/key.json',
    '/.hidden/x.js',
    '/.env.js',
    '/a\\..\\b.js',
    '/C:/x.js',
    '/a/./b.js',
    '/a//b.js',
    '/index',
    '/index.exe',
    '/x.constructor',
    '/x.js\u0000.html',
    `/${'a/'.repeat(400)}b.js`,
  ])('serves nothing for %j', (path) => {
    expect(pageFile(path)).toBeNull();
  });

  it('never leaves its folder, whatever is asked', () => {
    const root = resolve('/srv/page');
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      '%2e',
      'a',
      'index.html',
      '.js',
      '\u0000',
      ':',
      '~',
      '',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.string(), (pieces, tail) => {
        const file = pageFile(`/${pieces.join('')}${tail}`);
        if (file) expect(resolve(root, file.path).startsWith(root + sep)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('links out', () => {
  it.each([
    ['https://example.org/a?b#c', 'example.org'],
    ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
    ['mailto:alice@example.org', 'alice@example.org'],
    ['https://xn--pple-43d.com/', 'xn--pple-43d.com'],
    // The host that is shown is the one that is opened, not the one that was written.
    ['https://аpple.com/', 'xn--pple-43d.com'],
    ['https:\\\\evil.example/', 'evil.example'],
  ])('opens %s and shows %s', (text, host) => {
    expect(openableLink(text)?.host).toBe(host);
  });

  it.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'java\tscript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'app://plainseal/',
    'vscode://x',
    'https://bank.example@evil.example/',
    'https://:pw@evil.example/',
    ' https://example.org',
    'https://exa\nmple.org',
    'mailto:',
    'https://',
    '//example.org',
    'example.org',
    `https://example.org/${'a'.repeat(3_000)}`,
  ])('refuses %j', (text) => {
    expect(openableLink(text)).toBeNull();
  });

  it('gives only the three schemes, whatever is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string()), (text) => {
        const link = openableLink(text);
        if (link) expect(link.href).toMatch(/^(https?:\/\/[^/@]+\/|mailto:.)/);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the page policy', () => {
  it('allows nothing inline, evaluated or from elsewhere', () => {
    expect(pagePolicy).toMatch(/^default-src 'none'/);
    expect(pagePolicy).not.toMatch(/unsafe|\*|https?:|data:/);
  });
});
