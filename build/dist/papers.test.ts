import { describe, expect, it } from 'vitest';
import { shippedPackages } from './app.ts';
import { readLockfile, type Package } from './lockfile.ts';
import { escapeMarkup } from './markup.ts';
import { metainfo } from './metainfo.ts';
import { notices } from './notices.ts';
import { billOfMaterials } from './sbom.ts';

const packages = shippedPackages(readLockfile());

describe('what is shipped', () => {
  it('has a notice each, with its licence’s text', () => {
    expect(packages.length).toBeGreaterThan(50);
    const text = notices(packages);
    for (const { name, version } of packages) expect(text).toContain(`\n${name} ${version}\n`);
    expect(text).toContain('Copyright 2008 Google Inc.');
  });
  it('without a licence text is not shipped', () => {
    const bare: Package = {
      path: 'node_modules/absent',
      name: 'absent',
      version: '1',
      licence: 'MIT',
      integrity: '',
    };
    expect(() => notices([bare])).toThrow('absent brings no licence text');
  });
});

describe('the bill of materials', () => {
  const bill = billOfMaterials(packages, 1_790_000_000);
  it('is the same for the same, and another for another', () => {
    expect(billOfMaterials(packages, 1_790_000_000)).toEqual(bill);
    expect(billOfMaterials(packages.slice(1), 1_790_000_000).serialNumber).not.toBe(bill.serialNumber);
    expect(bill.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
  it('names each package once, by the hash of its archive', () => {
    expect(new Set(bill.components.map((component) => component['bom-ref'])).size).toBe(packages.length + 1);
    const sqlite = bill.components.find(({ name }) => name === 'better-sqlite3-multiple-ciphers');
    expect(sqlite?.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    expect(bill.components.find(({ name }) => name === '@scure/base')?.purl).toBe(
      'pkg:npm/%40scure/base@2.0.0',
    );
  });
});

describe('metainfo', () => {
  it('escapes what it is told', () => {
    const text = metainfo({
      id: 'org.x.Y',
      product: 'A & B',
      summary: '<b>"',
      licence: 'MIT',
      homepage: 'https://x.org',
      version: '1.0.0',
      releasedSeconds: 0,
    });
    expect(text).toContain('<name>A &#38; B</name>');
    expect(text).toContain('<summary>&#60;b&#62;&#34;</summary>');
    expect(text).toContain('<release version="1.0.0" date="1970-01-01"/>');
    expect(escapeMarkup("'")).toBe('&#39;');
  });
});
