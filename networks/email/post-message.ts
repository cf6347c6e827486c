import * as v from 'valibot';
import { displayName } from './address.ts';
import { sizeWords } from './size.ts';

const metadataSchema = v.object({
  size: v.pipe(v.number(), v.minValue(0), v.finite()),
  filename: v.optional(v.string(), ''),
});

/**
 * What a pre-message says of the file that comes separately (`Chat-Post-Message-Metadata`, JSON): its name and size in words. Null when it does
 * not read.
 */
export function readPostMetadata(value: string): string | null {
  try {
    const read = v.safeParse(metadataSchema, JSON.parse(value));
    if (!read.success) return null;
    const name = displayName(read.output.filename);
    return name === '' ? sizeWords(read.output.size) : `${name} (${sizeWords(read.output.size)})`;
  } catch {
    return null;
  }
}
