import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

/** Sides in pixels: freedesktop's, macOS's and Windows's in one list. */
export const iconSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
/** PNG entries of an .icns by the side of their picture (Apple's icon image types). */
const icnsTypes = [
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
] as const;
const icoSizes = [16, 24, 32, 48, 64, 128, 256] as const;

let ready: Promise<void> | null = null;

/** Draws a square picture as PNG. The renderer is WebAssembly: the same bytes on every machine. */
export async function drawPng(svg: string, side: number): Promise<Buffer> {
  ready ??= initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  await ready;
  return Buffer.from(new Resvg(svg, { fitTo: { mode: 'width', value: side } }).render().asPng());
}

/** An .ico of PNGs, each with its side in pixels (up to 256). */
export function encodeIco(pictures: readonly (readonly [side: number, png: Buffer])[]): Buffer {
  const HEADER = 6;
  const ENTRY = 16;
  const head = Buffer.alloc(HEADER + ENTRY * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  pictures.forEach(([side, png], index) => {
    const at = HEADER + ENTRY * index;
    // A byte cannot hold 256: 0 stands for it.
    head.writeUInt8(side % 256, at);
    head.writeUInt8(side % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...pictures.map(([, png]) => png)]);
}

/** An .icns of PNGs, each under its type. */
export function encodeIcns(pictures: readonly (readonly [type: string, png: Buffer])[]): Buffer {
  const block = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(body.length + head.length, 4);
    return Buffer.concat([head, body]);
  };
  return block('icns', Buffer.concat(pictures.map(([type, png]) => block(type, png))));
}

/** Draws every icon into a folder: `icons/SIDExSIDE.png`, `icon.ico`, `icon.icns`, and the drawing itself. */
export async function makeIcons(folder: string): Promise<void> {
  const svg = readFileSync(join(import.meta.dirname, 'icon.svg'), 'utf8');
  mkdirSync(join(folder, 'icons'), { recursive: true });
  const drawn = new Map<number, Buffer>();
  for (const side of iconSizes) drawn.set(side, await drawPng(svg, side));
  const picture = (side: (typeof iconSizes)[number]): Buffer => drawn.get(side) ?? Buffer.alloc(0);
  for (const [side, png] of drawn) writeFileSync(join(folder, `icons/${side}x${side}.png`), png);
  writeFileSync(join(folder, 'icon.ico'), encodeIco(icoSizes.map((side) => [side, picture(side)])));
  writeFileSync(
    join(folder, 'icon.icns'),
    encodeIcns(icnsTypes.map(([type, side]) => [type, picture(side)])),
  );
  writeFileSync(join(folder, 'icon.svg'), svg);
}
