import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawPng, encodeIcns, encodeIco } from './icons.ts';

const svg = readFileSync(join(import.meta.dirname, 'icon.svg'), 'utf8');

describe('icons', () => {
  it('are drawn in their size, the same each time', async () => {
    const png = await drawPng(svg, 48);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([48, 48]);
    expect(await drawPng(svg, 48)).toEqual(png);
  });
  it('of Windows say where each picture lies', () => {
    const ico = encodeIco([
      [16, Buffer.from('small')],
      [256, Buffer.from('large!')],
    ]);
    expect([ico.readUInt16LE(2), ico.readUInt16LE(4), ico[6], ico[22]]).toEqual([1, 2, 16, 0]);
    const at = (entry: number): string =>
      ico
        .subarray(ico.readUInt32LE(entry + 12))
        .subarray(0, ico.readUInt32LE(entry + 8))
        .toString();
    expect([at(6), at(22)]).toEqual(['small', 'large!']);
  });
  it('of macOS are blocks with their length', () => {
    const icns = encodeIcns([['ic07', Buffer.from('png')]]);
    expect(icns.toString('latin1', 0, 4)).toBe('icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    expect([icns.toString('latin1', 8, 12), icns.readUInt32BE(12)]).toEqual(['ic07', 11]);
  });
});
