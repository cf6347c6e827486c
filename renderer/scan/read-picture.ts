import { decodeQR, type DecodeOpts } from 'qr/decode.js';
import { fromLatin1, toLatin1 } from '../ui/latin1.ts';

/** Longest side of a picture that is looked at, in pixels; larger ones are made smaller. */
const MAX_SIDE = 2_000;
/** How long a still picture may keep the page busy. */
const STILL: DecodeOpts = { effort: Number.POSITIVE_INFINITY, timeLimit: 400 };

/** The bytes of the QR code in some pixels; null when none is found. */
export function readPixels(
  pixels: Pick<ImageData, 'width' | 'height' | 'data'>,
  options: DecodeOpts = {},
): Uint8Array | null {
  try {
    // A code may hold bytes that are no text: Signal's does.
    return fromLatin1(decodeQR(pixels, { ...options, textDecoder: toLatin1 }));
  } catch {
    return null;
  }
}

/** The bytes of the QR code in a picture; null when it is no picture or shows none. Decoded in the sandboxed page, kept nowhere. */
export async function readPicture(picture: Blob): Promise<Uint8Array | null> {
  const bitmap = await createImageBitmap(picture).catch(() => null);
  if (bitmap === null) return null;
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale)];
  const paper = new OffscreenCanvas(width, height).getContext('2d');
  if (paper === null) return null;
  // Codes are dark on light; what a picture leaves open counts as light.
  paper.fillStyle = '#fff';
  paper.fillRect(0, 0, width, height);
  paper.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return readPixels(paper.getImageData(0, 0, width, height), STILL);
}
